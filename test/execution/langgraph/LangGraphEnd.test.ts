/** The requests after the end of a LangGraph run's stream. */
import { assert, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { errorPolicyOf } from "../../../src/execution/ExecutionError.ts"
import { Executor } from "../../../src/execution/Executor.ts"
import * as Runtimes from "../../../src/execution/Runtimes.ts"
import { type Answer, TransportFailed, UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import { runtimeAt, turn } from "../../support/fixtures.ts"

const answerOf = (body: string): Answer => {
  const chunks = [new TextEncoder().encode(body)]
  return {
    status: 200,
    header: () => undefined,
    pull: Effect.suspend(() => {
      const next = chunks.splice(0)
      return Arr.isReadonlyArrayNonEmpty(next) ? Effect.succeed(next) : Cause.done()
    }),
    drain: () => {},
  }
}

const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" })

it.effect.each([
  ["cannot be reached", Effect.fail(new TransportFailed({ cause: refused }))],
  ["is not available", Effect.succeed({ ...answerOf(""), status: 503 })],
] as const)("a run is not repeated if the server %s after it", ([, get]) =>
  Effect.gen(function* () {
    const http = UpstreamHttp.of({
      get: () => get,
      post: () => Effect.succeed(answerOf('event: metadata\ndata: {"run_id":"run-1"}\n\n')),
    })
    const layer = Runtimes.layer(runtimeAt("http://runtime", { protocol: "langgraph" }))
    const { execute } = yield* Effect.provide(
      Executor,
      Layer.provide(layer, Layer.succeed(UpstreamHttp, http)),
    )
    const error = yield* Effect.flip(Stream.runDrain(execute(turn())))
    assert.strictEqual(error._tag, "UpstreamTruncated")
    assert.isFalse(errorPolicyOf(error).retry)
  }).pipe(Effect.scoped),
)
