/**
 * The upstream's account of an attempt's failure, in one line for operators. Pure. Never for logs, spans or metrics.
 */
import { type ExecutionError, upstreamCodes } from "./ExecutionError.ts"

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

export const failureText = (error: ExecutionError): string | null => {
  const parts = [upstreamCodes(error), ...accountOf(error)].filter(
    (part) => part !== undefined && part !== "",
  )
  return parts.length === 0 ? null : parts.join(" ").replace(controls, " ").slice(0, longest).toWellFormed()
}
