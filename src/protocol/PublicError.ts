/**
 * The errors that a caller can get instead of a stream: a closed set of codes, each with its HTTP status. `http/ErrorMapping`
 * turns the errors of the service into these. Each output protocol writes them in its own format.
 */
import * as Schema from "effect/Schema"

export const statusOfCode = {
  VALIDATION_FAILED: 400,
  VALIDATION_MESSAGE_TOO_LONG: 400,
  AGENT_INACTIVE: 400,
  AUTH_TOKEN_MISSING: 401,
  AUTH_TOKEN_INVALID: 401,
  AUTH_TOKEN_EXPIRED: 401,
  AUTH_KEY_INVALID: 401,
  AUTH_KEY_EXPIRED: 401,
  AUTH_KEY_REVOKED: 401,
  AUTH_PERMISSION_DENIED: 403,
  AUTH_AGENT_DENIED: 403,
  QUOTA_EXCEEDED: 403,
  SESSION_NOT_FOUND: 404,
  AGENT_NOT_FOUND: 404,
  RUN_NOT_FOUND: 404,
  MESSAGE_NOT_FOUND: 404,
  INTERRUPT_NOT_FOUND: 404,
  FILE_NOT_FOUND: 404,
  KEY_NOT_FOUND: 404,
  ORG_NOT_FOUND: 404,
  ERASURE_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  REQUEST_IN_PROGRESS: 409,
  AUTOPILOT_CONFLICT: 409,
  KEY_LIMIT_REACHED: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  ATTACHMENTS_UNSUPPORTED: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  FILE_REFUSED: 422,
  SIGN_IN_REFUSED: 422,
  RATE_LIMIT_KEY: 429,
  RATE_LIMIT_USER: 429,
  RATE_LIMIT_ORG: 429,
  SSE_CONNECTION_LIMIT: 429,
  TOKEN_BUDGET_EXCEEDED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL_ERROR: 500,
  FILE_UNAVAILABLE: 502,
  LLM_UNAVAILABLE: 503,
  OVERLOADED: 503,
  SECRETS_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  SIGN_IN_UNAVAILABLE: 503,
} as const
export type ErrorCode = keyof typeof statusOfCode

/** One thing that is wrong with a request: where it is, and what is allowed there. */
export const Problem = Schema.Struct({ path: Schema.String, message: Schema.String })
export type Problem = typeof Problem.Type

/**
 * `retryAfter` is seconds, as in the header of the same answer. `requestId` and `traceId`, of an internal error, find it in the
 * operators' logs.
 */
export interface PublicError {
  readonly code: ErrorCode
  readonly message: string
  readonly details?: ReadonlyArray<Problem>
  readonly retryAfter?: number
  readonly requestId?: string
  readonly traceId?: string
}
