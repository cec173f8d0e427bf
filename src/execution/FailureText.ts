/** The upstream's account of an attempt's failure, in one line for operators. Pure. */
import type { ExecutionError } from "./ExecutionError.ts"

const longestFailure = 200

/** A failure for operators: its status and the upstream's own codes. Undefined if the upstream gave neither. */
export const upstreamCodes = (error: ExecutionError): string | undefined => {
  const status = "status" in error ? error.status : "httpStatus" in error ? error.httpStatus : undefined
  const detail = "detail" in error ? error.detail : undefined
  const parts = [status, detail].filter((part) => part !== undefined && part !== "").join(" ")
  return parts === "" ? undefined : parts.slice(0, longestFailure).toWellFormed()
}

const longest = 500

// oxlint-disable-next-line no-control-regex -- PostgreSQL refuses NUL in a text, and others would break the line
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** The runtime's own codes and text. */
const accountOf = (error: ExecutionError): ReadonlyArray<string | undefined> =>
  error._tag === "UpstreamFailed"
    ? [
        error.code,
        error.message,
        error.details === undefined ? undefined : JSON.stringify(error.details),
        error.traceId === undefined ? undefined : `trace ${error.traceId}`,
      ]
    : []

/** Never for logs, spans or metrics. */
export const failureText = (error: ExecutionError): string | null => {
  const parts = [upstreamCodes(error), ...accountOf(error)].filter(
    (part) => part !== undefined && part !== "",
  )
  return parts.length === 0 ? null : parts.join(" ").replace(controls, " ").slice(0, longest).toWellFormed()
}
