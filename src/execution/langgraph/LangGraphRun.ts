/**
 * Ends a run: the stream has no event for its end, so the run's status decides, and the thread's state gives the
 * checkpoint from which the next turn continues.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { recordOf, textOf } from "../direct/JsonRead.ts"
import {
  type ExecutionError,
  UpstreamCancelled,
  UpstreamFailed,
  UpstreamTruncated,
  errorPolicyOf,
} from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import { isModelName } from "../ModelName.ts"
import type { LangGraphAnswer } from "./LangGraphAnswer.ts"
import type { LangGraphApi } from "./LangGraphApi.ts"
import * as LangGraphRecord from "./LangGraphRecord.ts"

const upstream = "runtime"

export interface Run {
  readonly thread: string
  readonly id: string
}

/** The server may end the stream shortly before it stores the status. */
const statusSchedule = Schedule.max([Schedule.spaced("100 millis"), Schedule.recurs(20)])

const isRunning = (status: string | undefined): boolean => status === "running" || status === "pending"

/** The run may have made calls, so no failure after it allows a retry. */
const get = (api: LangGraphApi, path: string) =>
  Effect.mapError(api.get(path), (error) =>
    errorPolicyOf(error).retry ? new UpstreamTruncated({ upstream, cause: error }) : error,
  )

const statusOf = (api: LangGraphApi, { id, thread }: Run) =>
  Effect.map(get(api, `/threads/${thread}/runs/${encodeURIComponent(id)}`), (run) =>
    textOf(recordOf(run)?.["status"]),
  )

/** Fails unless the run has ended well. An interrupted run without an interrupt was cancelled. */
const verdictOf = (status: string | undefined, hasInterrupts: boolean): ExecutionError | undefined => {
  switch (status) {
    case "success":
      return undefined
    case "interrupted":
      return hasInterrupts ? undefined : new UpstreamCancelled({ upstream })
    case "error":
    case "timeout":
      return new UpstreamFailed({ upstream, code: "", message: "", detail: `run status ${status}` })
    default:
      return new UpstreamTruncated({ upstream })
  }
}

const checkpointOf = (state: unknown): string | undefined => {
  const { checkpoint, checkpoint_id } = recordOf(state) ?? {}
  return textOf(recordOf(checkpoint)?.["checkpoint_id"]) ?? textOf(checkpoint_id)
}

const finished = (answer: LangGraphAnswer, run: Run, checkpoint: string | undefined): ExecutionEvent => {
  const { finishReason, model, openCalls, usage } = answer
  const calls = openCalls.map(({ id, name }) => ({ id, name }))
  return {
    _tag: "Finished",
    usage,
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(isModelName(model) ? { model } : {}),
    ...(checkpoint === undefined
      ? {}
      : { record: LangGraphRecord.toRecord({ thread: run.thread, checkpoint, run: run.id, calls }) }),
  }
}

/**
 * The last events of a run whose stream ended. `isResumed`: the state also has the messages of the run before, which were
 * shown then. Without a checkpoint the next turn starts a new thread, but an interrupt could not be answered.
 */
export const end = (
  api: LangGraphApi,
  run: Run,
  answer: LangGraphAnswer,
  isResumed: boolean,
): Effect.Effect<ReadonlyArray<ExecutionEvent>, ExecutionError> =>
  Effect.gen(function* () {
    const status = yield* Effect.repeat(statusOf(api, run), {
      while: isRunning,
      schedule: statusSchedule,
    })
    const waits = answer.finishReason === "interrupt"
    const failure = verdictOf(status, waits)
    if (failure !== undefined) return yield* failure
    const read = get(api, `/threads/${run.thread}/state`)
    const state = yield* waits ? read : Effect.catch(read, () => Effect.undefined)
    const checkpoint = checkpointOf(state)
    if (waits && checkpoint === undefined) return yield* new UpstreamTruncated({ upstream })
    if (!isResumed) answer.state(recordOf(recordOf(state)?.["values"])?.["messages"])
    return [...answer.take(), finished(answer, run, checkpoint)]
  })
