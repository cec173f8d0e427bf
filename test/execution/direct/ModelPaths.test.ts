/** Names of models that would change a path, as they arrive at a raw server, over every wire. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import * as Config from "../../../src/config/Config.ts"
import { layerMemory } from "../../../src/execution/direct/AnswerCacheMemory.ts"
import { Executor } from "../../../src/execution/Executor.ts"
import { Modes } from "../../../src/execution/Modes.ts"
import * as Targets from "../../../src/execution/Targets.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import * as StageSettings from "../../../src/app/StageSettings.ts"
import { agent, turn } from "../../support/fixtures.ts"
import { noFiles } from "../../support/heldFiles.ts"

const names = [
  "..",
  "../..",
  "../../admin",
  "models/../../files",
  "a/../../../b",
  "./x",
  ".",
  "%2e%2e",
  "%2e%2e/%2e%2e/x",
  "..%2f..%2fx",
  "x%2fy",
  "x?key=stolen",
  "x?alt=json&y=1",
  "x#part",
  "x:generateContent?",
  "x\\..\\..\\y",
  "x y",
  "\u0000x",
  "x\r\nHost: evil",
  "x\ty",
  "\u007f",
  "\ud800",
  "é",
  "//evil.example/x",
  "http://evil.example/x",
  "@evil.example",
  "/",
]

/** A server that refuses every request and records its request line. */
const refusing = Effect.acquireRelease(
  Effect.promise(async () => {
    const lines: Array<Pick<IncomingMessage, "headers" | "method" | "url">> = []
    const server = createServer((request, response) => {
      lines.push(request)
      response.writeHead(404).end("{}")
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    return { lines, server, port: (server.address() as AddressInfo).port }
  }),
  ({ server }) => Effect.sync(() => server.close()),
)

const asked = (kind: string, model: string) =>
  Effect.gen(function* () {
    const { lines, port } = yield* refusing
    const settings = yield* Config.read({
      DIRECT_LLM_PROVIDERS: "a",
      DIRECT_LLM_A_KIND: kind,
      DIRECT_LLM_A_MODEL: "own",
      DIRECT_LLM_A_API_KEY: "sk-canary-0000",
      DIRECT_LLM_A_BASE_URL: `http://127.0.0.1:${port}/base/v1`,
      ...(kind === "azure" ? { DIRECT_LLM_A_BASE_URL: `http://127.0.0.1:${port}/openai/deployments/d` } : {}),
    })
    const targets = Targets.layer(StageSettings.targets(settings)).pipe(
      Layer.provide([layerMemory("1 minute"), noFiles, UpstreamHttp.layer]),
    )
    yield* Effect.gen(function* () {
      const [target] = (yield* Modes).targets("direct_llm")
      const { execute } = Context.get(target!, Executor)
      yield* Effect.flip(Stream.runDrain(execute(turn({ agent: agent({ model }) }))))
    }).pipe(Effect.provide(targets))
    return lines.map(({ headers, method, url }) => ({
      method,
      url,
      host: headers.host === `127.0.0.1:${port}`,
    }))
  }).pipe(Effect.scoped)

const fixed = {
  "openai-compatible": "/base/v1/chat/completions",
  openai: "/base/v1/responses",
  anthropic: "/base/v1/messages",
  azure: "/openai/deployments/d/chat/completions?api-version=2024-10-21",
} as const

describe("the name of a model", () => {
  for (const [kind, url] of Object.entries(fixed))
    it.live(`changes no address of ${kind}`, () =>
      Effect.forEach(names, (name) =>
        Effect.map(asked(kind, name), (lines) =>
          assert.deepStrictEqual(lines, [{ method: "POST", url, host: true }], JSON.stringify(name)),
        ),
      ),
    )

  it.live("stays within the path of google, whatever it holds", () =>
    Effect.forEach(names, (name) =>
      Effect.map(asked("google", name), ([line, ...more]) => {
        assert.deepStrictEqual(more, [])
        const about = `${JSON.stringify(name)} as ${line?.url}`
        assert.match(line?.url ?? "", /^\/base\/v1\/[^?#\s]+:streamGenerateContent\?alt=sse$/, about)
        assert.isTrue(line?.host, about)
        for (const segment of line!.url!.split("?")[0]!.split("/"))
          assert.notMatch(decodeURIComponent(segment), /^\.{1,2}$/, about)
      }),
    ),
  )
})
