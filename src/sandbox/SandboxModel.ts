/**
 * An OpenAI-compatible server without a model, on 127.0.0.1: it quotes the user's last message and names the sandbox
 * as the author. It accepts any API key.
 *
 * Invariant: the faults are those of `Faults.ts`; a failing request fails before the first byte (HTTP 500), as with
 * providers.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as Scope from "effect/Scope"
import { garbage, randomHex } from "./Bytes.ts"
import { eventStream, wait, writeAll } from "./SandboxEvents.ts"
import * as Faults from "./Faults.ts"
import {
  type Exchange,
  pathOf,
  readBody,
  respond,
  respondJson,
  type SandboxPortUnavailable,
  serve as serveLoopback,
} from "./Loopback.ts"
import { chunks, complete, type Completion, CompletionBody, failure, modelId, whole } from "./ModelAnswer.ts"
import type { ServerOptions } from "./SandboxRuntime.ts"

interface State extends ServerOptions {
  readonly faults: Faults.Faults
}

/** Before the first delta, and between two. */
const firstMs = 150
const deltaMs = 25

/** Starts the model; returns its address, to which clients add `/v1`. */
export const serve = Effect.fnUntraced(function* (
  options: ServerOptions,
): Effect.fn.Return<string, SandboxPortUnavailable, Scope.Scope> {
  const state: State = { ...options, faults: yield* Faults.make }
  return yield* serveLoopback({
    port: options.port,
    variable: "SANDBOX_MODEL_PORT",
    handle: Faults.breakable(state.faults, (exchange) => route(state, exchange)),
  })
})

const route = (state: State, exchange: Exchange): Effect.Effect<void> => {
  switch (`${exchange.request.method} ${pathOf(exchange)}`) {
    case "GET /health":
      return respondJson(exchange, 200, { status: "healthy", service: "crossfade sandbox model" })
    case "GET /v1/models":
      return respondJson(exchange, 200, {
        object: "list",
        data: [{ id: modelId, object: "model", created: 0, owned_by: "crossfade-sandbox" }],
      })
    case "POST /v1/chat/completions":
      return completions(state, exchange)
    default:
      return respondJson(
        exchange,
        404,
        failure("invalid_request_error", `Unknown request URL: ${pathOf(exchange)}`),
      )
  }
}

const decodeBody = Schema.decodeUnknownEffect(Schema.fromJsonString(CompletionBody))
const problems = SchemaIssue.makeFormatterStandardSchemaV1()

const refuse = (exchange: Exchange, issue: SchemaIssue.Issue) => {
  const first = problems(issue).issues[0]
  const param = first?.path?.map(String).join(".") || null
  return respondJson(exchange, 400, failure("invalid_request_error", first?.message ?? "Bad request", param))
}

const completions = (state: State, exchange: Exchange): Effect.Effect<void> =>
  readBody(exchange).pipe(
    Effect.flatMap((text) => decodeBody(text)),
    Effect.flatMap((body) => answer(state, exchange, body)),
    Effect.catchTags({
      SchemaError: ({ issue }) => refuse(exchange, issue),
      BodyUnreadable: ({ message }) => respondJson(exchange, 400, failure("invalid_request_error", message)),
    }),
  )

const answer = Effect.fnUntraced(function* (state: State, exchange: Exchange, body: CompletionBody) {
  const { fault, rate } = yield* state.faults.current
  if (fault === "error-rate" && state.random() < rate) {
    return yield* respondJson(
      exchange,
      500,
      failure("server_error", "The sandbox was told to fail (error-rate)"),
    )
  }
  const createdSeconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const completion = complete(body, `chatcmpl-${randomHex(state.random)}`, createdSeconds)
  return yield* body.stream
    ? stream(state, exchange, completion, body.stream_options?.include_usage === true)
    : answerWhole(state, exchange, completion)
})

const stream = (state: State, exchange: Exchange, completion: Completion, includeUsage: boolean) => {
  const writer = { ...state, exchange, lineEnd: "\n" as const }
  const events = chunks(completion, includeUsage).map((chunk, index) => ({
    afterMs: index === 0 ? firstMs : deltaMs,
    data: () => JSON.stringify(chunk),
  }))
  return eventStream(writer, writeAll(writer, events))
}

/** The same faults for an answer in one piece: it hangs, is late, is cut in its middle, or is no JSON. */
const answerWhole = Effect.fnUntraced(function* (state: State, exchange: Exchange, completion: Completion) {
  yield* wait(state, firstMs + deltaMs * completion.deltas.length)
  const { fault } = yield* state.faults.current
  const { response } = exchange
  const json = { "Content-Type": "application/json" }
  if (fault === "hang") {
    response.writeHead(200, json).flushHeaders()
    return yield* Effect.never
  }
  const body = JSON.stringify(whole(completion))
  if (fault === "cut") {
    response.writeHead(200, { ...json, "Content-Length": Buffer.byteLength(body) })
    return yield* Effect.callback<void>((resume) => {
      response.write(body.slice(0, body.length / 2), () => resume(Effect.sync(() => response.destroy())))
    })
  }
  return yield* respond(exchange, 200, json, fault === "garbage" ? garbage("\n", 0) : body)
})
