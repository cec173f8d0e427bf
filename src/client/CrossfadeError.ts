/** The one error of the client: a refusal of the gateway, or a connection that could not be restored. */
import type { ErrorCode, Problem } from "../protocol/PublicError.ts"

/**
 * - `CONNECTION_LOST`: no connection, or it broke, and the retries did not help
 * - `UNEXPECTED_RESPONSE`: the response is not the gateway's; often a proxy's page
 * - `TOKEN_UNAVAILABLE`: the `token` callback failed
 * - `REQUEST_INVALID`: the address or a header cannot be sent
 */
export type ClientErrorCode =
  | "CONNECTION_LOST"
  | "UNEXPECTED_RESPONSE"
  | "TOKEN_UNAVAILABLE"
  | "REQUEST_INVALID"

interface Fields {
  readonly status?: number | undefined
  readonly details?: ReadonlyArray<Problem> | undefined
  readonly retryAfter?: number | undefined
  readonly requestId?: string | undefined
  readonly traceId?: string | undefined
  readonly runId?: string | undefined
  readonly cause?: unknown
}

export class CrossfadeError extends Error {
  override readonly name = "CrossfadeError"
  /** For `Effect.catchTag`. */
  readonly _tag = "CrossfadeError"
  /** The codes of docs/reference/errors.md and those of the client. A newer gateway may add codes. */
  readonly code: ErrorCode | ClientErrorCode | (string & {})
  /** The HTTP status; undefined without a response. */
  readonly status: number | undefined
  /** The wrong fields of a refused request. */
  readonly details: ReadonlyArray<Problem> | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined
  readonly requestId: string | undefined
  readonly traceId: string | undefined
  /** The run that was read. It may still be running: `events(runId)` reads it again. */
  readonly runId: string | undefined

  constructor(code: CrossfadeError["code"], message: string, fields: Fields = {}) {
    super(message, fields.cause === undefined ? {} : { cause: fields.cause })
    this.code = code
    this.status = fields.status
    this.details = fields.details
    this.retryAfter = fields.retryAfter
    this.requestId = fields.requestId
    this.traceId = fields.traceId
    this.runId = fields.runId
  }

  /** The same error with the run that it interrupts. */
  ofRun(runId: string | undefined): CrossfadeError {
    if (this.runId !== undefined || runId === undefined) return this
    const { cause, details, requestId, retryAfter, status, traceId } = this
    const fields = { cause, details, requestId, retryAfter, status, traceId, runId }
    return new CrossfadeError(this.code, this.message, fields)
  }
}

export const connectionLost = (message: string, cause?: unknown): CrossfadeError =>
  new CrossfadeError("CONNECTION_LOST", message, { cause })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/** `Retry-After` is in seconds or a date (RFC 9110, 10.2.3). */
const secondsOf = (header: string | null, now: number): number | undefined => {
  if (header === null) return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}

const isProblem = (value: unknown): value is Problem =>
  isObject(value) && typeof value["path"] === "string" && typeof value["message"] === "string"

const errorIn = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(body)
    return isObject(parsed) && isObject(parsed["error"]) ? parsed["error"] : {}
  } catch {
    return {}
  }
}

/** Reads the error of a response. A proxy's own response has no code of the gateway. */
export const errorOfResponse = (
  status: number,
  body: string,
  headers: Pick<Headers, "get">,
  now: number,
): CrossfadeError => {
  const error = errorIn(body)
  const { details, retryAfter } = error
  return new CrossfadeError(
    textOf(error["code"]) ?? "UNEXPECTED_RESPONSE",
    textOf(error["message"]) ?? `The response has the status ${status} and no error of the gateway.`,
    {
      status,
      details: Array.isArray(details) ? details.filter(isProblem) : undefined,
      retryAfter: typeof retryAfter === "number" ? retryAfter : secondsOf(headers.get("retry-after"), now),
      requestId: textOf(error["requestId"]) ?? headers.get("x-request-id") ?? undefined,
      traceId: textOf(error["traceId"]),
    },
  )
}
