/**
 * OpenAI's error object: the body of an error response, and the last event of a stream that fails. Its clients derive the class
 * from the status, and some read `code`. Pure.
 */
import * as Schema from "effect/Schema"
import type { RunError } from "../../domain/Run.ts"
import type { ErrorBody } from "../Encoder.ts"
import { type ErrorCode, type PublicError, statusOfCode } from "../PublicError.ts"

export const ErrorObject = Schema.Struct({
  error: Schema.Struct({
    message: Schema.String,
    type: Schema.String,
    /** The field of the request that is wrong. */
    param: Schema.NullOr(Schema.String),
    code: Schema.NullOr(Schema.String),
  }),
})
export type ErrorObject = typeof ErrorObject.Type

/** OpenAI's code for the same error, where it has one that clients read. */
const codes: ReadonlyMap<string, string> = new Map([
  ["AGENT_NOT_FOUND", "model_not_found"],
  ["AUTH_TOKEN_INVALID", "invalid_api_key"],
  ["AUTH_KEY_INVALID", "invalid_api_key"],
  ["RATE_LIMIT_KEY", "rate_limit_exceeded"],
  ["RATE_LIMIT_USER", "rate_limit_exceeded"],
  ["RATE_LIMIT_ORG", "rate_limit_exceeded"],
  ["UPSTREAM_RATE_LIMITED", "rate_limit_exceeded"],
  ["TOKEN_BUDGET_EXCEEDED", "insufficient_quota"],
  ["CONTEXT_TOO_LONG", "context_length_exceeded"],
  ["CONTENT_FILTERED", "content_filter"],
])

const typeOf = (code: string, status: number): string => {
  if (code === "TOKEN_BUDGET_EXCEEDED") return "insufficient_quota"
  if (status >= 500) return "server_error"
  if (status === 401) return "authentication_error"
  if (status === 403) return "permission_error"
  return status === 429 ? "rate_limit_error" : "invalid_request_error"
}

export const errorObject = (
  code: string,
  message: string,
  status: number,
  param: string | null = null,
): ErrorObject => ({
  error: { message, type: typeOf(code, status), param, code: codes.get(code) ?? code },
})

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(statusOfCode, code)

/** The statuses of a run's own errors. All other codes are the upstream's failures. */
const statuses: ReadonlyMap<string, number> = new Map([
  ["UPSTREAM_REJECTED", 400],
  ["CONTENT_FILTERED", 400],
  ["CONTEXT_TOO_LONG", 400],
  ["INTERRUPT", 422],
  ["UPSTREAM_RATE_LIMITED", 429],
  ["EXECUTION_CANCELLED", 499],
  ["RUN_INTERRUPTED", 503],
])

/** The status of a failed run. The upstream's own status says nothing about the caller, whose key it never saw. */
export const statusOf = (code: string): number => {
  if (isErrorCode(code)) return statusOfCode[code]
  return statuses.get(code) ?? (code.startsWith("TIMEOUT_") ? 504 : 502)
}

export const ofRun = ({ code, message }: Pick<RunError, "code" | "message">): ErrorObject =>
  errorObject(code, message, statusOf(code))

/** Clients name a field without the part of the request that holds it. */
const paramOf = (path: string): string => path.replace(/^(payload|params|headers|query)(\.|$)/, "")

const messageOf = ({ details = [], message }: PublicError): string =>
  details.length === 0
    ? message
    : details.map((problem) => `${paramOf(problem.path) || "body"}: ${problem.message}`).join("; ")

export const errorBody = (error: PublicError): ErrorBody => {
  const [first] = error.details ?? []
  const param = error.code === "AGENT_NOT_FOUND" ? "model" : paramOf(first?.path ?? "")
  const object = errorObject(error.code, messageOf(error), statusOfCode[error.code], param || null)
  return { contentType: "application/json", body: JSON.stringify(object) }
}
