/** A synthetic probe on each wire of the runtime: a conversation of its own, without history, ended at its first content. */
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type { RuntimeProtocol } from "../../src/domain/RuntimeProtocol.ts"
import { Modes } from "../../src/execution/Modes.ts"
import * as Prober from "../../src/execution/Prober.ts"
import * as Runtimes from "../../src/execution/Runtimes.ts"
import { UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { monitorSettings, runtimeAt } from "../support/fixtures.ts"

/** The beginning of an answer on each wire, up to its first text. The server then waits for the client to leave. */
const texts: Partial<Record<RuntimeProtocol, ReadonlyArray<object>>> = {
  agent2ui: [{ event: "text_chunk", data: { content: "pong" } }],
  "ag-ui": [
    { type: "RUN_STARTED", threadId: "t", runId: "r" },
    { type: "TEXT_MESSAGE_START", messageId: "m", role: "assistant" },
    { type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: "pong" },
  ],
  responses: [{ type: "response.output_text.delta", delta: "pong" }],
}

const runtime = (events: ReadonlyArray<object>, closed: () => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever was sent
      const asked: Array<any> = []
      const server = createServer((request, response) => {
        let text = ""
        request.on("data", (chunk) => (text += chunk))
        request.on("end", () => {
          if (request.url?.endsWith("/cancel")) return response.end("{}")
          asked.push(JSON.parse(text))
          response.on("close", closed)
          response.writeHead(200, { "content-type": "text/event-stream" })
          for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`)
        })
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      }),
  )

/** The body of the first probe, and the result that the Monitor gets for it. */
const probed = (protocol: RuntimeProtocol) =>
  Effect.gen(function* () {
    const closed = yield* Deferred.make<void>()
    const result = yield* Deferred.make<string>()
    const events = texts[protocol] ?? []
    const { asked, url } = yield* runtime(events, () => Deferred.doneUnsafe(closed, Effect.void))
    const monitor = Layer.effect(
      Monitor,
      Effect.map(Monitor, (own) => ({
        ...own,
        probeEnded: (probe: Parameters<typeof own.probeEnded>[0], ended: "good" | "bad" | "neutral") =>
          Effect.andThen(Deferred.succeed(result, ended), own.probeEnded(probe, ended)),
      })),
    ).pipe(Layer.provide(Monitor.layer({ ...monitorSettings, probes: true })))
    const prober = Prober.layer.pipe(
      Layer.provide(Modes.layer([Runtimes.layer(runtimeAt(url, { protocol, agent: "agent" }))])),
      Layer.provide([UpstreamHttp.layer, monitor, layerWebCrypto]),
    )
    yield* Layer.build(prober)
    const ended = yield* Deferred.await(result)
    yield* Deferred.await(closed)
    return { body: asked[0], count: asked.length, ended }
  }).pipe(Effect.scoped, Effect.timeout("10 seconds"))

const uuid = /^[0-9a-f-]{36}$/

describe("a synthetic probe", () => {
  it.live("is a session of its own on the agent2ui wire", () =>
    Effect.gen(function* () {
      const { body, count, ended } = yield* probed("agent2ui")
      assert.deepStrictEqual([ended, count], ["good", 1])
      assert.match(body.session_id, uuid)
      assert.deepStrictEqual(body.history_messages, [{ role: "user", content: "ping" }])
      assert.strictEqual(body.metadata.probe, true)
    }),
  )

  it.live("is a thread of its own on the ag-ui wire", () =>
    Effect.gen(function* () {
      const { body, count, ended } = yield* probed("ag-ui")
      assert.deepStrictEqual([ended, count], ["good", 1])
      assert.strictEqual(body.threadId, body.runId)
      assert.deepStrictEqual(
        body.messages.map(({ content, role }: { readonly content: string; readonly role: string }) => [
          role,
          content,
        ]),
        [
          ["system", "Answer with one word."],
          ["user", "ping"],
        ],
      )
    }),
  )

  it.live("is stored nowhere on the responses wire", () =>
    Effect.gen(function* () {
      const { body, count, ended } = yield* probed("responses")
      assert.deepStrictEqual([ended, count], ["good", 1])
      assert.deepInclude(body, { input: "ping", store: false, max_output_tokens: 16 })
      assert.notProperty(body, "previous_response_id")
      assert.match(body.metadata.session_id, uuid)
      assert.strictEqual(body.metadata.probe, "true")
    }),
  )
})
