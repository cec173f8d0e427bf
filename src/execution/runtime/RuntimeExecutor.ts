/**
 * The `agent2ui` wire: sends `POST /api/v1/execute/stream` and decodes the answer.
 *
 * If the gateway ends an execution before the runtime does, it cancels it by session id. It never cancels an
 * execution that ended normally. The runtime knows no run ids, so a late cancel would end the session's next
 * execution. Therefore the next execution waits for the cancel.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { reasonOf } from "../../domain/Reason.ts"
import * as Spans from "../../telemetry/Spans.ts"
import { cancelLine, CancelRequests } from "../CancelRequests.ts"
import * as ConnectionFailure from "../ConnectionFailure.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import { type ExecutionError, UpstreamGarbled } from "../ExecutionError.ts"
import type { Turn } from "../Executor.ts"
import * as McpServers from "../McpServers.ts"
import { type Answer, UpstreamHttp } from "../UpstreamHttp.ts"
import { parseRetryAfter } from "../../domain/RetryAfterHeader.ts"
import type { Endpoint, MakeWire, RuntimeWire } from "../RuntimeSettings.ts"
import * as UpstreamStatus from "../UpstreamStatus.ts"
import { RuntimeDecoder } from "./RuntimeDecoder.ts"
import * as RuntimeRefusal from "./RuntimeRefusal.ts"
import * as RuntimeRequest from "./RuntimeRequest.ts"

const upstream = "runtime"
/** The limit for a cancel, and for the next execution's wait. */
const cancelTimeoutMs = 2000

const isAnswer = (status: number): boolean => status === 200

const refusalOf = ({ body, header, now, status }: UpstreamStatus.Refusal): ExecutionError =>
  RuntimeRefusal.errorOf(status, body, parseRetryAfter(header("retry-after"), now))

interface Execution {
  /** The runtime may still be working on the turn. */
  open: boolean
  /** Undefined before the answer, so that a waiting turn does not hold it. */
  decoder: RuntimeDecoder | undefined
}

/**
 * The byte limit of a shadow's answer. Pings and unknown events can arrive at full speed, and no clock ends them
 * soon. The limit is several times the bytes that the events of a whole trace may take.
 */
const maxShadowBytes = 8 * 1024 * 1024
const shadowFlood = new UpstreamGarbled({ upstream, detail: "more than is read of a shadow" })

/** The decoder. It also records that the runtime has nothing left to do. */
const decoderOf = (
  answer: Answer,
  turn: Turn,
  execution: Execution,
  decoder: RuntimeDecoder,
): DecodedAnswer.Decoder => {
  execution.decoder = decoder
  let shadowBytes = 0
  return {
    feed: (chunk) => {
      if (turn.shadow && (shadowBytes += chunk.length) > maxShadowBytes)
        return { events: [], error: shadowFlood }
      const decoded = decoder.feed(chunk)
      if (isComplete(decoded)) {
        execution.open = false
        answer.drain()
      }
      return decoded
    },
    end: () => {
      execution.open = false
      return decoder.end()
    },
  }
}

const logSkipped = (unknown: number) =>
  unknown === 0 ? Effect.void : Effect.logDebug(`skipped ${unknown} runtime events of unknown types`)

const isComplete = ({ error, events }: DecodedAnswer.Decoded): boolean =>
  events.at(-1)?._tag === "Finished" || (error !== undefined && error._tag !== "UpstreamGarbled")

/** A connection that broke after it was made may have carried the turn to the runtime. */
const mayHaveBegun = (error: ExecutionError): boolean =>
  error._tag === "UpstreamTruncated" || error._tag === "UpstreamFailed"

export const make: MakeWire = Effect.fnUntraced(function* ({ errorPatterns }) {
  // Redirects are not followed: the runtime's address is configuration, not an answer.
  const http = yield* UpstreamHttp
  const serversOf = yield* McpServers.make(upstream)
  const cancels = new CancelRequests(yield* Effect.scope)
  const line = cancelLine()

  const post = (turn: Turn, { headers, url }: Endpoint, path: string, body: unknown) =>
    http.post({
      url: `${url}/api/v1/execute/${path}`,
      headers: { ...headers, "x-request-id": turn.requestId, ...Spans.toHeaders(turn.trace) },
      body,
    })

  const cancel = (turn: Turn, endpoint: Endpoint) =>
    post(turn, endpoint, "cancel", { session_id: RuntimeRequest.sessionId(turn) }).pipe(
      Effect.map(({ drain }) => drain()),
      Effect.scoped,
      Effect.timeout(cancelTimeoutMs),
      Effect.matchEffect({
        onFailure: (error) => line.failed(reasonOf(error)),
        onSuccess: () => line.succeeded,
      }),
    )

  const leave = (turn: Turn, endpoint: Endpoint, { decoder, open }: Execution) =>
    Effect.andThen(
      open ? cancels.start(RuntimeRequest.sessionId(turn), cancel(turn, endpoint)) : Effect.void,
      logSkipped(decoder?.unknown ?? 0),
    )

  const send = (turn: Turn, endpoint: Endpoint) =>
    Effect.flatMap(serversOf(turn.agent), (servers) =>
      post(turn, endpoint, "stream", RuntimeRequest.make(turn, servers)).pipe(
        Effect.mapError(ConnectionFailure.sendFailed(upstream)),
        Effect.flatMap((answer) => UpstreamStatus.check(answer, isAnswer, refusalOf)),
      ),
    )

  const start = (turn: Turn, endpoint: Endpoint, execution: Execution) =>
    Effect.suspend(() => {
      execution.open = true
      return send(turn, endpoint).pipe(
        Effect.tapError((error) => Effect.sync(() => (execution.open = mayHaveBegun(error)))),
        Effect.map((answer) => {
          const decoder = new RuntimeDecoder(turn.runId, errorPatterns)
          return DecodedAnswer.events(upstream, answer, decoderOf(answer, turn, execution, decoder))
        }),
      )
    })

  const execute: RuntimeWire["execute"] = (turn, endpoint) =>
    Stream.unwrap(
      // Not `Stream.onExit`: it makes a generator function for each stream (decision 28).
      Effect.flatMap(Effect.scope, (scope) => {
        const execution: Execution = { open: false, decoder: undefined }
        const left = Effect.suspend(() => leave(turn, endpoint, execution))
        return Scope.addFinalizer(scope, left).pipe(
          Effect.andThen(cancels.wait(RuntimeRequest.sessionId(turn))),
          Effect.andThen(start(turn, endpoint, execution)),
        )
      }),
    )

  return { execute }
})
