import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import * as DirectExecutor from "../../../src/execution/direct/DirectExecutor.ts"
import { Executor } from "../../../src/execution/Executor.ts"
import { type Answer, UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import { turn } from "../../support/fixtures.ts"
import { bytes, data, done } from "./answers.ts"

/** Answers in order, each with a status and a body. */
const serving = (...answers: ReadonlyArray<readonly [status: number, body: string]>) => {
  const left = [...answers]
  const post = () =>
    Effect.sync((): Answer => {
      const [status, body] = left.shift() ?? [500, ""]
      let read = false
      const pull = Effect.suspend(() => {
        if (read) return Cause.done()
        read = true
        return Effect.succeed([bytes(body)] as const)
      })
      return { status, header: () => undefined, pull, drain: () => {} }
    })
  return Layer.succeed(UpstreamHttp, UpstreamHttp.of({ post, get: () => Effect.never }))
}

const settings = {
  name: "acme",
  kind: "openai-compatible" as const,
  baseUrl: "http://127.0.0.1:1",
  apiKey: undefined,
  model: "m",
  takesAgentModel: false,
  ...plainRequests,
}

/** The lines that are logged while each answer is read once. */
const logged = (...answers: ReadonlyArray<readonly [status: number, body: string]>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }: Logger.Options<unknown>) => void lines.push(String(message)))
  return Effect.gen(function* () {
    const executor = yield* Executor
    for (const _ of answers) yield* Effect.exit(Stream.runDrain(executor.execute(turn())))
    yield* Effect.yieldNow
    return lines
  }).pipe(
    Effect.provide(
      DirectExecutor.layer(settings).pipe(
        Layer.provide(serving(...answers)),
        Layer.provideMerge(Logger.layer([logger])),
      ),
    ),
  )
}

const ending = (finish_reason: string): readonly [number, string] => [
  200,
  data({ choices: [{ index: 0, delta: { content: "hi" }, finish_reason }] }) + done,
]

describe("the log of a direct provider", () => {
  it.effect("has one line for a refusal: provider, error, status, codes, and no sentence", () =>
    Effect.gen(function* () {
      const error = { message: "key sk-canary-0000 is bad", code: "invalid_api_key", param: null }
      const lines = yield* logged([401, JSON.stringify({ error })], [200, data({ error: { code: 429 } })])
      assert.deepStrictEqual(lines, [
        "acme refused a request: UpstreamMisconfigured 401 invalid_api_key",
        "acme failed: UpstreamRateLimited 429",
      ])
    }),
  )

  it.effect("has each unknown finish reason once, and no known one", () =>
    Effect.gen(function* () {
      const lines = yield* logged(ending("new"), ending("new"), ending("stop"), ending("key sk-canary"))
      assert.deepStrictEqual(lines, [
        "acme ended an answer for an unknown reason: new",
        "acme ended an answer for an unknown reason: no identifier",
      ])
    }),
  )
})
