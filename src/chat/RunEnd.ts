/**
 * How a run's end reads: the `done` or `error` event, and the run's row. Pure. Live readers and replays from the store
 * get the terminal event from here, so they get the same bytes.
 */
import type { Agent } from "../domain/Agent.ts"
import type { PromptMessage } from "../domain/History.ts"
import type { Run, RunDone, RunError } from "../domain/Run.ts"
import type { Usage } from "../domain/Outcome.ts"
import { estimateTokens } from "../domain/TokenEstimate.ts"
import type { AttemptFailed } from "../execution/TurnEvent.ts"
import { type ExecutionError, meaningOf, retryAfterOf } from "../execution/ExecutionError.ts"
import type { RunEvent } from "../runs/RunEvent.ts"

type Terminal = Exclude<RunEvent, { readonly event: "message" }>

export const usageOf = (
  reported: Usage | undefined,
  agent: Agent,
  history: ReadonlyArray<PromptMessage>,
  answer: string,
): Usage => reported ?? { tokens: estimateTokens(agent, history, answer), estimated: true }

/** A W3C trace id, a UUID or the like, or an id too short for a key: other text of an upstream is not passed on. */
const isTraceId = (text: string): boolean => /^(?:[\w-]{1,16}|[0-9a-f][0-9a-f-]{15,63})$/i.test(text)

/** The upstream's own trace says more of its failure than ours. */
const traced = (run: Run, upstreams?: string): { readonly traceId?: string } => {
  const traceId = upstreams !== undefined && isTraceId(upstreams) ? upstreams : run.traceId
  return traceId === null ? {} : { traceId }
}

/** Whole seconds, as the field of the same name in the errors before a stream. */
const retryAfter = (error: ExecutionError): { readonly retryAfter?: number } => {
  const ms = retryAfterOf(error)
  return ms === undefined ? {} : { retryAfter: Math.min(Math.ceil(ms / 1000), 86_400) }
}

/** The message or the conversation is the cause: sending the same again would fail again. */
const isTheMessage: ReadonlySet<string> = new Set(["ContentFiltered", "ContextTooLong", "UpstreamRejected"])

/** The error of a turn whose last attempt failed. A reader may send the message again unless the message is the cause. */
export const failedError = (run: Run, failed: AttemptFailed): RunError => {
  const { code, message } = meaningOf(failed.error)
  const { callId, stepId } = failed.gate
  const upstream = failed.error._tag === "UpstreamFailed" ? failed.error : undefined
  return {
    code,
    message,
    runId: run.id,
    recoverable: !isTheMessage.has(failed.error._tag),
    ...(stepId === undefined ? {} : { stepId }),
    ...(callId === undefined ? {} : { callId }),
    ...(upstream?.httpStatus === undefined ? {} : { httpStatus: upstream.httpStatus }),
    ...retryAfter(failed.error),
    ...traced(run, upstream?.traceId),
  }
}

/** Seconds after which large answers have ended, and a turn that memory was too short for may be sent again. */
export const memoryRetryAfter = 5

export const cancelledError = (run: Run): RunError => ({
  code: "EXECUTION_CANCELLED",
  message: "The run was cancelled.",
  runId: run.id,
  recoverable: true,
  httpStatus: 499,
  ...traced(run),
})

export const tooLargeError = (run: Run): RunError => ({
  code: "RUN_TOO_LARGE",
  message: "The answer is larger than a run may be.",
  runId: run.id,
  recoverable: false,
  ...traced(run),
})

/** The run held more memory than any other, when all of them held more than they may. */
export const memoryError = (run: Run): RunError => ({
  code: "OVERLOADED",
  message: "The server ran short of memory, and this answer was the largest. Send the message again.",
  runId: run.id,
  recoverable: true,
  httpStatus: 503,
  retryAfter: memoryRetryAfter,
  ...traced(run),
})

export const internalError = (run: Run): RunError => ({
  code: "INTERNAL_ERROR",
  message: "Something went wrong on our side.",
  runId: run.id,
  recoverable: true,
  httpStatus: 500,
  ...traced(run),
})

/** A run that is stored as running, although no process runs it. */
export const interruptedError = (run: Run): RunError => ({
  code: "RUN_INTERRUPTED",
  message: "The server stopped while this answer was being written. Send the message again.",
  runId: run.id,
  recoverable: true,
  ...traced(run),
})

const isDone = (run: Run): run is Run & { assistantMessageId: RunDone["messageId"] } =>
  run.status === "completed" && run.assistantMessageId !== null && run.executionMode !== null

/** The terminal event of a run that has ended; undefined while it goes on. */
export const terminalOf = (run: Run): Terminal | undefined => {
  if (run.status === "running") return undefined
  if (!isDone(run) || run.executionMode === null)
    return { event: "error", data: run.error ?? internalError(run) }
  return {
    event: "done",
    data: {
      sessionId: run.sessionId,
      messageId: run.assistantMessageId,
      runId: run.id,
      usage: {
        ...(run.usage ?? { tokens: 0, estimated: true }),
        latencyMs: (run.endedAt ?? run.createdAt) - run.createdAt,
      },
      executionMode: run.executionMode,
      ...(run.finishReason === null ? {} : { finishReason: run.finishReason }),
      ...(run.model === null ? {} : { model: run.model }),
    },
  }
}
