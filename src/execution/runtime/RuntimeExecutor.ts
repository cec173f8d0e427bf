/**
 * The runtime as an executor: `POST /api/v1/execute/stream` and the decoding of what comes back.
 *
 * An execution that we end before the runtime did is cancelled there by session id. A normal end never is, and a
 * session's next execution waits for a cancel still under way: the runtime knows no run ids, so a late cancel would
 * end the wrong one.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { reasonOf } from "../../domain/Reason.ts"
import {
  type ExecutionError,
  parseRetryAfter,
  UpstreamFailed,
  UpstreamGarbled,
  UpstreamRateLimited,
  UpstreamRejected,
  UpstreamTruncated,
  UpstreamUnavailable,
  UpstreamUnreachable,
} from "../ExecutionError.ts"
import * as Spans from "../../telemetry/Spans.ts"
import { type ExecutionEvent, Executor, type Turn } from "../Executor.ts"
import { RuntimeDecoder } from "./RuntimeDecoder.ts"
import * as RuntimeRequest from "./RuntimeRequest.ts"

const upstream = "runtime"
/** A runtime that does not answer a cancel in this time will not do so later; the next execution must not wait on. */
const cancelTimeoutMs = 2000

/** Of a refusal's body nobody needs more, and whoever sends more, or slowly, is not waited for. */
const detailBytes = 4096
const detailTimeout = "1 second"

/** The beginning of a body that is not an answer; the rest is aborted, so that its connection is free. */
const detailOf = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string> => {
  const text = new TextDecoder()
  let detail = ""
  return response.stream.pipe(
    Stream.takeUntil((chunk) => {
      detail += text.decode(chunk.subarray(0, detailBytes), { stream: true })
      return detail.length >= detailBytes
    }),
    Stream.runDrain,
    Effect.timeout(detailTimeout),
    Effect.ignore,
    Effect.map(() => detail.slice(0, detailBytes)),
  )
}

/** 503 says that nothing was begun; any other failure may come after the runtime, or a proxy before it, has begun. */
const errorOf = (status: number, detail: string, waitMs: number | undefined): ExecutionError => {
  const retryAfter = waitMs === undefined ? {} : { retryAfterMs: waitMs }
  if (status === 429) return new UpstreamRateLimited({ upstream, ...retryAfter })
  if (status === 503) return new UpstreamUnavailable({ upstream, status, ...retryAfter })
  if (status >= 400 && status < 500) return new UpstreamRejected({ upstream, status, detail })
  return new UpstreamFailed({ upstream, code: "UPSTREAM_UNAVAILABLE", message: "", httpStatus: status })
}

const checkStatus = (
  response: HttpClientResponse.HttpClientResponse,
): Effect.Effect<HttpClientResponse.HttpClientResponse, ExecutionError> => {
  const { status } = response
  if (status === 200) return Effect.succeed(response)
  return Effect.flatMap(Effect.all([Clock.currentTimeMillis, detailOf(response)]), ([now, detail]) =>
    Effect.fail(errorOf(status, detail, parseRetryAfter(response.headers["retry-after"], now))),
  )
}

/** Whether the runtime may still be working on the turn, as far as we know. */
interface Upstream {
  open: boolean
}

/**
 * Of a shadow no more is read, events or not: pings and unknown events that come as fast as they can be written are work
 * that no clock ends soon. Several times what the events of a whole trace may take.
 */
const maxShadowBytes = 8 * 1024 * 1024
const shadowFlood = new UpstreamGarbled({ upstream, detail: "more than is read of a shadow" })

/** The decoded events of a body, chunk by chunk, ending at its end or at the first failure. */
const decoded = (
  response: HttpClientResponse.HttpClientResponse,
  turn: Turn,
  upstreamState: Upstream,
): Stream.Stream<ExecutionEvent, ExecutionError> =>
  Stream.suspend(() => {
    const decoder = new RuntimeDecoder(turn.runId)
    let shadowBytes = 0
    const decodeChunk = (chunk: Uint8Array): Stream.Stream<ExecutionEvent, ExecutionError> => {
      if (turn.shadow && (shadowBytes += chunk.length) > maxShadowBytes) return Stream.fail(shadowFlood)
      const { error, events } = decoder.feed(chunk)
      if (saidItsEnd(events, error)) upstreamState.open = false
      const out = Stream.fromArray(events)
      return error === undefined ? out : Stream.concat(out, Stream.fail(error))
    }
    return response.stream.pipe(
      Stream.mapError((cause): ExecutionError => new UpstreamTruncated({ upstream, cause })),
      Stream.onEnd(Effect.sync(() => (upstreamState.open = false))),
      Stream.flatMap(decodeChunk),
      Stream.onExit(() =>
        decoder.unknown === 0
          ? Effect.void
          : Effect.logDebug(`skipped ${decoder.unknown} runtime events of unknown types`),
      ),
    )
  })

const saidItsEnd = (events: ReadonlyArray<ExecutionEvent>, error: ExecutionError | undefined): boolean =>
  events.at(-1)?._tag === "Finished" || (error !== undefined && error._tag !== "UpstreamGarbled")

/** Codes of Node and undici for a connection that was never made. */
const neverConnected = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
])

const codesOf = (error: unknown): ReadonlyArray<unknown> =>
  error instanceof Error ? ["code" in error ? error.code : undefined, ...codesOf(error.cause)] : []

/** A connection that broke after it was made may have carried the turn to the runtime: that is no safe refusal. */
const mayHaveBegun = (error: ExecutionError): boolean =>
  error._tag === "UpstreamTruncated" || error._tag === "UpstreamFailed"

const sendFailed = (cause: HttpClientError.HttpClientError): ExecutionError =>
  codesOf(cause).some((code) => typeof code === "string" && neverConnected.has(code))
    ? new UpstreamUnreachable({ upstream, cause })
    : new UpstreamTruncated({ upstream, cause })

const span = (turn: Turn) => ({
  name: "invoke_agent",
  attributes: {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.provider.name": upstream,
    "gen_ai.agent.id": turn.agent.id,
    "gen_ai.conversation.id": turn.sessionId,
  },
})

export interface Settings {
  /** Without a slash at the end. */
  readonly baseUrl: string
  /** Named for agents that name no model. */
  readonly defaultModel: string
}

export const layer = (settings: Settings): Layer.Layer<Executor, never, HttpClient.HttpClient> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      // Redirects are not followed: the runtime's address is configuration, not an answer.
      const client = (yield* HttpClient.HttpClient).pipe(
        HttpClient.mapRequest(HttpClientRequest.prependUrl(settings.baseUrl)),
      )
      const scope = yield* Effect.scope
      const cancelling = new Map<string, Fiber.Fiber<unknown>>()

      const cancel = (turn: Turn) =>
        HttpClientRequest.post("/api/v1/execute/cancel").pipe(
          HttpClientRequest.setHeaders({ "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) }),
          HttpClientRequest.bodyJsonUnsafe({ session_id: RuntimeRequest.sessionId(turn) }),
          client.execute,
          Effect.timeout(cancelTimeoutMs),
          Effect.catch((error) => Effect.logWarning(`the runtime did not take a cancel: ${reasonOf(error)}`)),
          Effect.ensuring(Effect.sync(() => cancelling.delete(RuntimeRequest.sessionId(turn)))),
        )

      const cancelIfOpen = (turn: Turn, state: Upstream) =>
        Effect.suspend(() =>
          state.open
            ? Effect.map(Effect.forkIn(cancel(turn), scope), (fiber) => {
                cancelling.set(RuntimeRequest.sessionId(turn), fiber)
              })
            : Effect.void,
        )

      const awaitCancel = (turn: Turn) =>
        Effect.suspend(() => {
          const fiber = cancelling.get(RuntimeRequest.sessionId(turn))
          return fiber === undefined ? Effect.void : Effect.asVoid(Fiber.await(fiber))
        })

      const send = (turn: Turn) =>
        HttpClientRequest.post("/api/v1/execute/stream").pipe(
          HttpClientRequest.accept("text/event-stream"),
          HttpClientRequest.setHeaders({ "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) }),
          HttpClientRequest.bodyJsonUnsafe(RuntimeRequest.make(turn, settings.defaultModel)),
          client.execute,
          Effect.mapError(sendFailed),
          Effect.flatMap(checkStatus),
        )

      const execute = (turn: Turn): Stream.Stream<ExecutionEvent, ExecutionError> =>
        Stream.suspend(() => {
          const state: Upstream = { open: false }
          const started = Effect.suspend(() => {
            state.open = true
            return Effect.tapError(send(turn), (error) =>
              Effect.sync(() => (state.open = mayHaveBegun(error))),
            )
          })
          return Stream.unwrap(
            Effect.map(Effect.andThen(awaitCancel(turn), started), (response) =>
              decoded(response, turn, state),
            ),
          ).pipe(Stream.onExit(() => cancelIfOpen(turn, state)))
        })

      return Executor.of({ mode: "runtime_orchestrator", target: upstream, span, execute })
    }),
  )
