/**
 * Maps a server's refusal or failure to an error. Pure. Codes have the meaning that they have at the providers, but a
 * server that runs an agent may have started to work before it failed.
 */
import { type ExecutionError, UpstreamFailed } from "../ExecutionError.ts"
import { recordOf, textOf } from "../direct/JsonRead.ts"
import * as ProviderRefusal from "../direct/ProviderRefusal.ts"
import * as RefusalRules from "../direct/RefusalRules.ts"
import { retryAfterOf } from "../direct/RetryAfter.ts"
import type { Refusal } from "../UpstreamStatus.ts"

export const upstream = "runtime"

const isLost = (text: string): boolean => /previous[ _]response/.test(text)

/** The server does not know the id of the previous response. */
export const isPreviousLost = (status: number, body: string): boolean => {
  if (status === 404) return true
  const { codes, words } = ProviderRefusal.ofStatus(status, body)
  return status === 400 && (codes.some(isLost) || isLost(words))
}

/** FastAPI wraps an error in `detail`. */
const unwrapped = (json: unknown): unknown => recordOf(recordOf(json)?.["detail"]) ?? json

const messageOf = (json: unknown): string => {
  const error = recordOf(unwrapped(json))?.["error"] ?? json
  return textOf(error) ?? textOf(recordOf(error)?.["message"]) ?? ""
}

const failed = (message: string, detail: string | undefined, httpStatus?: number): ExecutionError =>
  new UpstreamFailed({
    upstream,
    code: "",
    message,
    ...(detail === undefined || detail === "" ? {} : { detail }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  })

/** 503 means that no work started. Any other 5xx may arrive after the server has started. */
export const errorOf = ({ body, header, now, status }: Refusal): ExecutionError => {
  const refusal = ProviderRefusal.ofStatus(status, body)
  const retryAfterMs = retryAfterOf(header, refusal.retryAfterMs, now)
  const error = RefusalRules.refused(upstream, { ...refusal, status, retryAfterMs })
  return error._tag === "UpstreamUnavailable" && status !== 503 ? failed("", refusal.detail, status) : error
}

/** A failure in the stream. `previousLost`: its code says that the previous response is unknown. */
export const failureIn = (
  json: unknown,
  hasText: boolean,
): { readonly error: ExecutionError; readonly previousLost: boolean } => {
  const refusal = ProviderRefusal.inBand(json)
  const error = RefusalRules.failedInside(upstream, refusal, hasText)
  const isOwn = error._tag === "UpstreamUnavailable" || error._tag === "UpstreamFailed"
  return {
    error: isOwn ? failed(messageOf(json), refusal.detail) : error,
    previousLost: refusal.codes.some(isLost),
  }
}
