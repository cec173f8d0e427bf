/** What every driver of a direct provider owes its attempt, over a real connection: ours, and one of `@ai-sdk`'s. */
import { assert, describe, it } from "@effect/vitest"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as DirectExecutor from "../../../src/execution/direct/DirectExecutor.ts"
import * as OpenAiExecutor from "../../../src/execution/direct/OpenAiExecutor.ts"
import { type ExecutionEvent, Executor } from "../../../src/execution/Executor.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import { turn } from "../../support/fixtures.ts"

const event = (name: string, body: object): string => `event: ${name}\ndata: ${JSON.stringify(body)}\n\n`
const data = (body: object): string => `data: ${JSON.stringify(body)}\n\n`
const provider = (baseUrl: string) => ({
  name: "a",
  baseUrl,
  apiKey: Redacted.make("sk-not-a-key"),
  model: "m",
  takesAgentModel: false,
  ...plainRequests,
})

interface Driver {
  readonly name: string
  readonly path: string
  readonly key: string
  readonly layer: (url: string) => Layer.Layer<Executor>
  readonly delta: (text: string) => string
  readonly begin: string
  readonly end: string
  readonly error: string
}

const drivers: ReadonlyArray<Driver> = [
  {
    name: "ours, of the OpenAI-compatible wire",
    path: "/chat/completions",
    key: "authorization",
    layer: (url) =>
      OpenAiExecutor.layer({ ...provider(url), kind: "openai-compatible" }).pipe(
        Layer.provide(UpstreamHttp.layer),
      ),
    begin: "",
    delta: (content) => data({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    end:
      data({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
      data({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 } }) +
      "data: [DONE]\n\n",
    error: data({ error: { message: "sk-canary-0000", type: "overloaded" } }),
  },
  {
    name: "@ai-sdk's, of Anthropic's wire",
    path: "/messages",
    key: "x-api-key",
    layer: (url) => DirectExecutor.layer({ ...provider(url), kind: "anthropic" }),
    begin:
      event("message_start", {
        type: "message_start",
        message: {
          id: "c",
          type: "message",
          role: "assistant",
          model: "m",
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      }) +
      event("content_block_start", {
        type: "content_block_start",
        index: 0,
        content_block: { type: "text", text: "" },
      }),
    delta: (text) =>
      event("content_block_delta", {
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text },
      }),
    end:
      event("content_block_stop", { type: "content_block_stop", index: 0 }) +
      event("message_delta", {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: 31 },
      }) +
      event("message_stop", { type: "message_stop" }),
    error: event("error", { type: "error", error: { type: "overloaded_error", message: "sk-canary-0000" } }),
  },
]

interface Asked {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  // oxlint-disable-next-line typescript/no-explicit-any -- the test looks into whatever was sent
  readonly body: any
}

/** A provider on loopback that answers as it is told. */
const serving = (answer: (response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const asked: Array<Asked> = []
      const server = createServer((request, response) => {
        let text = ""
        request.on("data", (chunk) => (text += chunk))
        request.on("end", () => {
          asked.push({ url: request.url ?? "", headers: request.headers, body: JSON.parse(text) })
          answer(response)
        })
      })
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
      return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      }),
  )

const saying =
  (...parts: ReadonlyArray<string>) =>
  (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    for (const part of parts) response.write(part)
  }

const place = {
  span: {
    _tag: "ExternalSpan",
    spanId: "b7ad6b7169203331",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    sampled: true,
    annotations: Context.empty(),
  },
  tracestate: undefined,
} as const

const hear = (layer: Layer.Layer<Executor>, seen: Array<ExecutionEvent> = []) =>
  Effect.gen(function* () {
    const executor = yield* Executor
    yield* Stream.runForEach(executor.execute(turn({ trace: place })), (one) =>
      Effect.sync(() => seen.push(one)),
    )
    return seen
  }).pipe(Effect.provide(layer))

describe.each(drivers)("the driver $name", (driver) => {
  const textOf = (events: ReadonlyArray<ExecutionEvent>) =>
    events.map((one) =>
      one._tag === "Message" && one.draft.type === "text" ? one.draft.data.content : one._tag,
    )

  it.live("gives the text as it comes, then the end with its tokens, and asks as it should", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serving((response) => {
        saying(driver.begin, driver.delta("The café"), driver.delta(" is open"))(response)
        response.end(driver.end)
      })
      const events = yield* hear(driver.layer(url))
      assert.deepStrictEqual(textOf(events), ["The café", " is open", "Finished"])
      assert.deepInclude(events.at(-1), { usage: { tokens: 42, inputTokens: 11, outputTokens: 31 } })
      const [one] = asked
      assert.strictEqual(one?.url, driver.path)
      assert.include(String(one?.headers[driver.key]), "sk-not-a-key")
      assert.strictEqual(
        one?.headers["traceparent"],
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      )
      assert.strictEqual(one?.body.model, "m")
      assert.isTrue(one?.body.stream)
      assert.include(JSON.stringify(one?.body.messages.at(-1)), turn().message)
    }).pipe(Effect.scoped),
  )

  it.live.each([
    [429, "UpstreamRateLimited"],
    [503, "UpstreamUnavailable"],
    [401, "UpstreamFailed"],
    [400, "UpstreamRejected"],
  ] as const)("tells a refusal with %s as %s, with the wait that was asked for", ([status, tag]) =>
    Effect.gen(function* () {
      const { url } = yield* serving((response) => {
        response.writeHead(status, { "content-type": "application/json", "retry-after": "2" })
        response.end(JSON.stringify({ error: { message: "sk-canary-0000", type: "x" } }))
      })
      const error = yield* Effect.flip(hear(driver.layer(url)))
      assert.strictEqual(error._tag, tag)
      if (error._tag === "UpstreamRateLimited") assert.strictEqual(error.retryAfterMs, 2000)
      assert.notInclude(error.message, "canary")
    }).pipe(Effect.scoped),
  )

  it.live("tells an address at which nobody is, a connection that breaks, and an error in the middle", () =>
    Effect.gen(function* () {
      const nobody = yield* Effect.flip(hear(driver.layer("http://127.0.0.1:1")))
      assert.strictEqual(nobody._tag, "UpstreamUnreachable")

      const seen: Array<ExecutionEvent> = []
      const breaking = yield* serving((response) => {
        saying(driver.begin, driver.delta("half"))(response)
        setTimeout(() => response.destroy(), 20)
      })
      const broken = yield* Effect.flip(hear(driver.layer(breaking.url), seen))
      assert.strictEqual(broken._tag, "UpstreamTruncated")
      assert.deepStrictEqual(textOf(seen), ["half"])

      const failing = yield* serving((response) => {
        saying(driver.begin, driver.delta("half"), driver.error)(response)
        response.end(driver.end)
      })
      const failed = yield* Effect.flip(hear(driver.layer(failing.url)))
      assert.strictEqual(failed._tag, "UpstreamFailed")
      assert.notInclude(failed.message, "canary")
    }).pipe(Effect.scoped),
  )

  it.live("ends its call when nobody wants it any more", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const closed = yield* Deferred.make<void>()
      const { url } = yield* serving((response) => {
        response.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
        saying(driver.begin, driver.delta("one"))(response)
        Deferred.doneUnsafe(begun, Effect.void)
      })
      const fiber = yield* Effect.forkChild(hear(driver.layer(url)))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(closed)
    }).pipe(Effect.scoped),
  )
})
