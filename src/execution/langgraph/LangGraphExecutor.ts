/**
 * The wire of LangGraph's Agent Server: one run on a thread for each turn.
 *
 * A run that the gateway ends before the server does is cancelled by its id, and the session's next turn waits for that.
 * Shadows and synthetic probes have threads of their own, which are deleted afterwards. They are not stateless runs: the
 * server deletes those at once, and then their status cannot be read.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { reasonOf } from "../../domain/Reason.ts"
import { cancelLine, CancelRequests } from "../CancelRequests.ts"
import * as DecodedAnswer from "../DecodedAnswer.ts"
import { type ExecutionError, UpstreamGarbled } from "../ExecutionError.ts"
import type { ExecutionEvent, Turn } from "../Executor.ts"
import type { Endpoint, MakeWire, RuntimeWire } from "../RuntimeSettings.ts"
import { type Answer, UpstreamHttp } from "../UpstreamHttp.ts"
import * as UpstreamStatus from "../UpstreamStatus.ts"
import type { StateLine } from "../../telemetry/StateLine.ts"
import { LangGraphApi, refusalOf, sendFailed } from "./LangGraphApi.ts"
import { LangGraphDecoder } from "./LangGraphDecoder.ts"
import * as LangGraphRequest from "./LangGraphRequest.ts"
import * as LangGraphRun from "./LangGraphRun.ts"
import { startOf } from "./LangGraphStart.ts"

const upstream = "runtime"
/** The limit for a cancel, and for the next execution's wait. */
const cancelTimeoutMs = 2000

interface Execution {
  readonly api: LangGraphApi
  readonly decoder: LangGraphDecoder
  thread: string | undefined
  runId: string | undefined
  /** The server may still be working on the turn. */
  open: boolean
}

const isAnswer = (status: number): boolean => status === 200

const runIdIn = (contentLocation: string | undefined): string | undefined =>
  /\/runs\/([\w-]+)/.exec(contentLocation ?? "")?.[1]

/** The decoder. It also records the run's id and that the server has nothing left to do. */
const decoderOf = (execution: Execution): DecodedAnswer.Decoder => {
  const { decoder } = execution
  const note = (decoded: DecodedAnswer.Decoded) => {
    execution.runId ??= decoder.serverRunId
    if (decoded.error !== undefined) execution.open = decoded.error._tag === "UpstreamGarbled"
    return decoded
  }
  return { feed: (chunk) => note(decoder.feed(chunk)), end: () => note(decoder.end()) }
}

const noRunId = new UpstreamGarbled({ upstream, detail: "no run id" })

/** The events after the end of the stream. */
const endOf = (
  execution: Execution,
  start: LangGraphRequest.Start,
): Effect.Effect<ReadonlyArray<ExecutionEvent>, ExecutionError> =>
  Effect.suspend(() => {
    const { api, decoder, runId } = execution
    if (runId === undefined) return Effect.fail(noRunId)
    const run = { thread: LangGraphRequest.threadOf(start), id: runId }
    return LangGraphRun.end(api, run, decoder.answer, start.kind === "resume").pipe(
      Effect.tap(() => Effect.sync(() => (execution.open = false))),
    )
  })

const eventsOf = (execution: Execution, start: LangGraphRequest.Start, answer: Answer) =>
  Stream.concat(
    DecodedAnswer.events(upstream, answer, decoderOf(execution)),
    Stream.unwrap(Effect.map(endOf(execution, start), Stream.fromIterable)),
  )

/** A connection that broke after it was made may have carried the turn to the server. */
const mayHaveBegun = (error: ExecutionError): boolean =>
  error._tag === "UpstreamTruncated" || error._tag === "UpstreamFailed"

const begin = (turn: Turn, { agent }: Endpoint, execution: Execution) =>
  Effect.flatMap(startOf(execution.api, turn), (start) => {
    const thread = LangGraphRequest.threadOf(start)
    execution.thread = thread
    execution.open = true
    return execution.api
      .post(`/threads/${thread}/runs/stream`, LangGraphRequest.make(turn, agent, start))
      .pipe(
        Effect.mapError(sendFailed),
        Effect.flatMap((answer) => UpstreamStatus.check(answer, isAnswer, refusalOf)),
        Effect.tapError((error) => Effect.sync(() => (execution.open = mayHaveBegun(error)))),
        Effect.map((answer) => {
          execution.runId = runIdIn(answer.header("content-location"))
          return eventsOf(execution, start, answer)
        }),
      )
  })

/** Sends a request whose answer does not matter. */
const send = (request: ReturnType<LangGraphApi["delete"]>, line: StateLine) =>
  request.pipe(
    Effect.map(({ drain }) => drain()),
    Effect.scoped,
    Effect.timeout(cancelTimeoutMs),
    Effect.matchEffect({
      onFailure: (error) => line.failed(reasonOf(error)),
      onSuccess: () => line.succeeded,
    }),
  )

/** `on_disconnect` also cancels the run, but later, and not if a proxy keeps the connection. */
const cancel = ({ api, runId, thread }: Execution, line: StateLine) =>
  runId === undefined
    ? Effect.void
    : send(api.post(`/threads/${thread}/runs/${runId}/cancel?wait=1&action=interrupt`, {}), line)

/** Undefined if the server has nothing left to do or to delete. */
const leave = (turn: Turn, execution: Execution, line: StateLine): Effect.Effect<void> | undefined => {
  const { api, open, thread } = execution
  const isTemporary = LangGraphRequest.isTemporary(turn)
  if (thread === undefined || !(open || isTemporary)) return undefined
  const remove = isTemporary ? send(api.delete(`/threads/${thread}`), line) : Effect.void
  return open ? Effect.andThen(cancel(execution, line), remove) : remove
}

export const make: MakeWire = Effect.fnUntraced(function* () {
  // Redirects are not followed: the server's address is configuration, not an answer.
  const http = yield* UpstreamHttp
  const cancels = new CancelRequests(yield* Effect.scope)
  const line = cancelLine()

  const acquire = (turn: Turn, endpoint: Endpoint) =>
    Effect.acquireRelease(
      Effect.sync((): Execution => ({
        api: new LangGraphApi(http, turn, endpoint),
        decoder: new LangGraphDecoder(turn.runId),
        thread: undefined,
        runId: undefined,
        open: false,
      })),
      (execution) => {
        const request = leave(turn, execution, line)
        return request === undefined ? Effect.void : cancels.start(turn.sessionId, request)
      },
    )

  const execute: RuntimeWire["execute"] = (turn, endpoint) =>
    Stream.unwrap(
      // Not `Stream.onExit`: it makes a generator function for each stream (decision 28).
      Effect.flatMap(acquire(turn, endpoint), (execution) =>
        Effect.andThen(cancels.wait(turn.sessionId), begin(turn, endpoint, execution)),
      ),
    )

  return { execute }
})
