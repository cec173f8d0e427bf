/**
 * The terminal event of a run (`done` or `error`), derived from the run's row. Pure. Live readers and replays from the store
 * both use this file, so they get the same bytes.
 */
import type { Run, RunDone, RunError } from "../domain/Run.ts"
import type { RunEvent } from "./RunEvent.ts"

type Terminal = Exclude<RunEvent, { readonly event: "message" }>

const traced = ({ traceId }: Pick<Run, "traceId">): { readonly traceId?: string } =>
  traceId === null ? {} : { traceId }

/** Seconds until large answers have usually ended. Then a client may repeat a turn that was refused or ended for memory. */
export const memoryRetryAfter = 5

export const cancelledError = (run: Pick<Run, "id" | "traceId">): RunError => ({
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

/** The live runs exceeded their memory budget, and this run was the largest. */
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

/** The run is stored as running, but no process executes it. */
export const interruptedError = (run: Run): RunError => ({
  code: "RUN_INTERRUPTED",
  message: "The server stopped while this answer was being written. Send the message again.",
  runId: run.id,
  recoverable: true,
  ...traced(run),
})

const isDone = (run: Run): run is Run & { assistantMessageId: RunDone["messageId"] } =>
  run.status === "completed" && run.assistantMessageId !== null && run.executionMode !== null

/** The terminal event of a run that has ended; undefined while it is running. */
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
