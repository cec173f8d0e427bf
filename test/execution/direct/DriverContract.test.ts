/** The driver keeps the contract of `Executor` on every wire of a direct provider, over real connections. */
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
import { upstreamCodes } from "../../../src/execution/FailureText.ts"
import { type ExecutionEvent, Executor } from "../../../src/execution/Executor.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import { turn } from "../../support/fixtures.ts"
import { drivers } from "./drivers.ts"

const provider = (baseUrl: string) => ({
  name: "a",
  baseUrl,
  apiKey: Redacted.make("sk-not-a-key"),
  model: "m",
  takesAgentModel: false,
  ...plainRequests,
})

interface Asked {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  // oxlint-disable-next-line typescript/no-explicit-any -- the test looks into whatever was sent
  readonly body: any
}

/** A provider on loopback that answers with the given function. */
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

describe.each(drivers)("the driver of $kind", (driver) => {
  const layerOf = (url: string) =>
    DirectExecutor.layer({ ...provider(url), kind: driver.kind }).pipe(Layer.provide(UpstreamHttp.layer))
  const textOf = (events: ReadonlyArray<ExecutionEvent>) =>
    events.map((one) =>
      one._tag === "Message" && one.draft.type === "text" ? one.draft.data.content : one._tag,
    )

  it.live("gives the text as it comes, then the end with tokens and model, and asks as it should", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serving((response) => {
        saying(driver.begin, driver.delta("The café"), driver.delta(" is open"))(response)
        response.end(driver.finish + driver.end)
      })
      const events = yield* hear(layerOf(url))
      assert.deepStrictEqual(textOf(events), ["The café", " is open", "Finished"])
      assert.deepStrictEqual(events.at(-1), {
        _tag: "Finished",
        usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
        finishReason: "stop",
        model: "m-1",
      })
      const [one] = asked
      assert.strictEqual(one?.url, driver.path)
      assert.include(String(one?.headers[driver.key]), "sk-not-a-key")
      assert.strictEqual(
        one?.headers["traceparent"],
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      )
      if (driver.kind !== "google") {
        assert.strictEqual(one?.body.model, "m")
        assert.isTrue(one?.body.stream)
      }
      if (driver.kind === "openai") assert.isFalse(one?.body.store)
      if (driver.kind === "anthropic") {
        assert.strictEqual(one?.headers["anthropic-version"], "2023-06-01")
        assert.isAbove(one?.body.max_tokens, 0)
      }
      assert.include(JSON.stringify(one?.body), turn().message)
    }).pipe(Effect.scoped),
  )

  it.live.each([
    [429, "UpstreamRateLimited"],
    [503, "UpstreamUnavailable"],
    [401, "UpstreamMisconfigured"],
    [400, "UpstreamRejected"],
  ] as const)("tells a refusal with %s as %s, with the wait that was asked for", ([status, tag]) =>
    Effect.gen(function* () {
      const { url } = yield* serving((response) => {
        response.writeHead(status, { "content-type": "application/json", "retry-after": "1.5" })
        response.end(JSON.stringify({ error: { message: "sk-canary-0000", code: "some_code" } }))
      })
      const error = yield* Effect.flip(hear(layerOf(url)))
      assert.strictEqual(error._tag, tag)
      if (error._tag === "UpstreamRateLimited") assert.strictEqual(error.retryAfterMs, 1500)
      assert.include(upstreamCodes(error), "some_code")
      assert.notInclude(JSON.stringify(error), "canary")
    }).pipe(Effect.scoped),
  )

  it.live("reads no more of a refusal than it needs, and does not wait for the rest", () =>
    Effect.gen(function* () {
      const closed = yield* Deferred.make<void>()
      const { url } = yield* serving((response) => {
        response.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
        response.writeHead(400, { "content-type": "application/json" })
        response.write(JSON.stringify({ error: { code: "content_filter" }, more: "x".repeat(100_000) }))
      })
      const error = yield* Effect.flip(hear(layerOf(url)))
      assert.strictEqual(error._tag, "ContentFiltered")
      yield* Deferred.await(closed)
    }).pipe(Effect.scoped),
  )

  it.live("fails at once at a page of HTML", () =>
    Effect.gen(function* () {
      const { url } = yield* serving((response) => {
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" })
        response.write("<!doctype html><title>Sign in</title>")
      })
      assert.strictEqual((yield* Effect.flip(hear(layerOf(url))))._tag, "UpstreamGarbled")
    }).pipe(Effect.scoped),
  )

  it.live("tells an address without a server, a connection that breaks, and an error in the middle", () =>
    Effect.gen(function* () {
      const unreachable = yield* Effect.flip(hear(layerOf("http://127.0.0.1:1")))
      assert.strictEqual(unreachable._tag, "UpstreamUnreachable")

      const seen: Array<ExecutionEvent> = []
      const breaking = yield* serving((response) => {
        saying(driver.begin, driver.delta("half"))(response)
        setTimeout(() => response.destroy(), 20)
      })
      const broken = yield* Effect.flip(hear(layerOf(breaking.url), seen))
      assert.strictEqual(broken._tag, "UpstreamTruncated")
      assert.deepStrictEqual(textOf(seen), ["half"])

      const failing = yield* serving((response) => {
        saying(driver.begin, driver.delta("half"), driver.error)(response)
        response.end(driver.finish + driver.end)
      })
      const failed = yield* Effect.flip(hear(layerOf(failing.url)))
      assert.strictEqual(failed._tag, "UpstreamFailed")
      assert.notInclude(JSON.stringify(failed), "canary")

      const refusing = yield* serving((response) => {
        saying(driver.begin, driver.error)(response)
        response.end(driver.finish + driver.end)
      })
      assert.strictEqual((yield* Effect.flip(hear(layerOf(refusing.url))))._tag, "UpstreamUnavailable")
    }).pipe(Effect.scoped),
  )

  it.live("has a whole answer although its connection stays open, or breaks", () =>
    Effect.gen(function* () {
      const closed = yield* Deferred.make<void>()
      const open = yield* serving((response) => {
        response.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
        saying(driver.begin, driver.delta("hi"), driver.finish + driver.end)(response)
      })
      assert.deepStrictEqual(textOf(yield* hear(layerOf(open.url))), ["hi", "Finished"])
      yield* Deferred.await(closed)

      const reset = yield* serving((response) => {
        saying(driver.begin, driver.delta("hi"), driver.finish || driver.end)(response)
        setTimeout(() => response.socket?.resetAndDestroy(), 20)
      })
      assert.deepStrictEqual(textOf(yield* hear(layerOf(reset.url))), ["hi", "Finished"])
    }).pipe(Effect.scoped),
  )

  it.live("ends its call when it is interrupted", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const closed = yield* Deferred.make<void>()
      const { url } = yield* serving((response) => {
        response.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
        saying(driver.begin, driver.delta("one"))(response)
        Deferred.doneUnsafe(begun, Effect.void)
      })
      const fiber = yield* Effect.forkChild(hear(layerOf(url)))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(closed)
    }).pipe(Effect.scoped),
  )
})
