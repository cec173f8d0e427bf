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
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { reasonOf } from "../../domain/Reason.ts"
import * as Spans from "../../telemetry/Spans.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import {
  type ExecutionError,
  parseRetryAfter,
  UpstreamGarbled,
  UpstreamTruncated,
  UpstreamUnreachable,
} from "../ExecutionError.ts"
import { Executor, type Turn } from "../Executor.ts"
import * as McpServers from "../McpServers.ts"
import * as RefusalBody from "../RefusalBody.ts"
import { type Answer, type TransportFailed, UpstreamHttp } from "../UpstreamHttp.ts"
import { RuntimeDecoder } from "./RuntimeDecoder.ts"
import type { ErrorPattern } from "../../domain/RuntimeErrorText.ts"
import * as RuntimeRefusal from "./RuntimeRefusal.ts"
import * as RuntimeRequest from "./RuntimeRequest.ts"

const upstream = "runtime"
/** A runtime that does not answer a cancel in this time will not do so later; the next execution must not wait on. */
const cancelTimeoutMs = 2000

const checkStatus = (answer: Answer): Effect.Effect<Answer, ExecutionError> => {
  const { header, status } = answer
  if (status === 200) return Effect.succeed(answer)
  return Effect.flatMap(Effect.all([Clock.currentTimeMillis, RefusalBody.beginning(answer)]), ([now, body]) =>
    Effect.fail(RuntimeRefusal.errorOf(status, body, parseRetryAfter(header("retry-after"), now))),
  )
}

interface Upstream {
  /** The runtime may still be working on the turn. */
  open: boolean
}

/**
 * No more bytes of a shadow are read: pings and unknown events that come as fast as they can be written are work that no clock
 * ends soon. Several times the bytes that the events of a whole trace may take.
 */
const maxShadowBytes = 8 * 1024 * 1024
const shadowFlood = new UpstreamGarbled({ upstream, detail: "more than is read of a shadow" })

/** The runtime's decoder, which also sees when the runtime has nothing left to do. */
const decoderOf = (
  decoder: RuntimeDecoder,
  answer: Answer,
  turn: Turn,
  state: Upstream,
): DecodedAnswer.Decoder => {
  let shadowBytes = 0
  return {
    feed: (chunk) => {
      if (turn.shadow && (shadowBytes += chunk.length) > maxShadowBytes)
        return { events: [], error: shadowFlood }
      const decoded = decoder.feed(chunk)
      if (saidItsEnd(decoded)) {
        state.open = false
        answer.enough()
      }
      return decoded
    },
    end: () => {
      state.open = false
      return decoder.end()
    },
  }
}

const skipped = ({ unknown }: RuntimeDecoder) =>
  unknown === 0 ? Effect.void : Effect.logDebug(`skipped ${unknown} runtime events of unknown types`)

const saidItsEnd = ({ error, events }: DecodedAnswer.Decoded): boolean =>
  events.at(-1)?._tag === "Finished" || (error !== undefined && error._tag !== "UpstreamGarbled")

/** Codes of Node and undici for a connection that was never made; the last four: because the proxy refused it. */
const neverConnected = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_ABORTED",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_PRX_CONN",
  "UND_ERR_PRX_TLS",
])

const codesOf = (error: unknown): ReadonlyArray<unknown> =>
  error instanceof Error ? ["code" in error ? error.code : undefined, ...codesOf(error.cause)] : []

/** A connection that broke after it was made may have carried the turn to the runtime: that is no safe refusal. */
const mayHaveBegun = (error: ExecutionError): boolean =>
  error._tag === "UpstreamTruncated" || error._tag === "UpstreamFailed"

const sendFailed = ({ cause }: TransportFailed): ExecutionError =>
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
  /** Answers that report a failure of the runtime. */
  readonly errorPatterns: ReadonlyArray<ErrorPattern>
}

export const layer = (settings: Settings): Layer.Layer<Executor, never, UpstreamHttp> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      // Redirects are not followed: the runtime's address is configuration, not an answer.
      const http = yield* UpstreamHttp
      const serversOf = yield* McpServers.make(upstream)
      const scope = yield* Effect.scope
      const cancelling = new Map<string, Fiber.Fiber<unknown>>()

      const post = (turn: Turn, path: string, body: unknown) =>
        http.post({
          url: `${settings.baseUrl}/api/v1/execute/${path}`,
          headers: { "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) },
          body,
        })

      const cancel = (turn: Turn) =>
        post(turn, "cancel", { session_id: RuntimeRequest.sessionId(turn) }).pipe(
          Effect.map(({ enough }) => enough()),
          Effect.scoped,
          Effect.timeout(cancelTimeoutMs),
          Effect.catch((error) => Effect.logWarning(`the runtime did not take a cancel: ${reasonOf(error)}`)),
          Effect.ensuring(Effect.sync(() => cancelling.delete(RuntimeRequest.sessionId(turn)))),
        )

      const cancelIfOpen = (turn: Turn, state: Upstream) =>
        state.open
          ? Effect.map(Effect.forkIn(cancel(turn), scope), (fiber) => {
              cancelling.set(RuntimeRequest.sessionId(turn), fiber)
            })
          : Effect.void

      const awaitCancel = (turn: Turn) => {
        const fiber = cancelling.get(RuntimeRequest.sessionId(turn))
        return fiber === undefined ? Effect.void : Effect.asVoid(Fiber.await(fiber))
      }

      const send = (turn: Turn) =>
        Effect.flatMap(serversOf(turn.agent), (servers) =>
          post(turn, "stream", RuntimeRequest.make(turn, servers)).pipe(
            Effect.mapError(sendFailed),
            Effect.flatMap(checkStatus),
          ),
        )

      const execute: Executor["Service"]["execute"] = (turn) =>
        Stream.unwrap(
          Effect.flatMap(Effect.scope, (scope) => {
            const state: Upstream = { open: false }
            const decoder = new RuntimeDecoder(turn.runId, settings.errorPatterns)
            const started = Effect.suspend(() => {
              state.open = true
              return Effect.tapError(send(turn), (error) =>
                Effect.sync(() => (state.open = mayHaveBegun(error))),
              )
            })
            const events = Effect.map(started, (answer) =>
              DecodedAnswer.events(upstream, answer, decoderOf(decoder, answer, turn, state)),
            )
            const leave = Effect.suspend(() => Effect.andThen(cancelIfOpen(turn, state), skipped(decoder)))
            // Not `Stream.onExit`: it makes a generator function for each stream (decision 28).
            return Effect.andThen(Scope.addFinalizer(scope, leave), Effect.andThen(awaitCancel(turn), events))
          }),
        )

      return Executor.of({ mode: "runtime_orchestrator", target: upstream, span, execute })
    }),
  )
