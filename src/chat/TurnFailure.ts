/**
 * The public error of a turn whose last attempt failed. Pure.
 */
import type { Run, RunError } from "../domain/Run.ts"
import { type ExecutionError, errorPolicyOf, retryAfterOf } from "../execution/ExecutionError.ts"
import type { AttemptFailed } from "../execution/TurnEvent.ts"

/** Accepts a W3C trace id, a UUID, or an id too short to be a key. Other text of an upstream never reaches a client. */
const isTraceId = (text: string): boolean => /^(?:[\w-]{1,16}|[0-9a-f][0-9a-f-]{15,63})$/i.test(text)

/** The upstream's trace id describes its failure better than ours. */
const traced = (run: Run, upstreamId?: string): { readonly traceId?: string } => {
  const traceId = upstreamId !== undefined && isTraceId(upstreamId) ? upstreamId : run.traceId
  return traceId === null ? {} : { traceId }
}

/** Whole seconds, like the field of the same name in errors before a stream. At most one day. */
const retryAfter = (error: ExecutionError): { readonly retryAfter?: number } => {
  const ms = retryAfterOf(error)
  return ms === undefined ? {} : { retryAfter: Math.min(Math.ceil(ms / 1000), 86_400) }
}

/** Errors that the message or the conversation causes: the same message would fail again. */
const causedByMessage: ReadonlySet<string> = new Set([
  "ContentFiltered",
  "ContextTooLong",
  "UpstreamRejected",
])

/** The error of a turn whose last attempt failed. It is recoverable unless the message is the cause. */
export const failedError = (run: Run, failed: AttemptFailed): RunError => {
  const { code, message } = errorPolicyOf(failed.error)
  const { callId, stepId } = failed.gate
  const upstream = failed.error._tag === "UpstreamFailed" ? failed.error : undefined
  return {
    code,
    message,
    runId: run.id,
    recoverable: !causedByMessage.has(failed.error._tag),
    ...(stepId === undefined ? {} : { stepId }),
    ...(callId === undefined ? {} : { callId }),
    ...(upstream?.httpStatus === undefined ? {} : { httpStatus: upstream.httpStatus }),
    ...retryAfter(failed.error),
    ...traced(run, upstream?.traceId),
  }
}
