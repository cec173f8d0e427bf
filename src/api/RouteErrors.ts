/**
 * The errors that each route can answer: those of its own, an annotation, and those that follow from its contract. The
 * API description lists exactly these, and the tests hold every error answer of a gateway against them.
 */
import * as Context from "effect/Context"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import { type ErrorCode, statusOfCode } from "../protocol/PublicError.ts"
import { Authorization } from "./Authorization.ts"

/** The parts of an endpoint that its description derives from. */
export type Endpoint = Pick<
  HttpApiEndpoint.Top,
  "annotations" | "error" | "identifier" | "method" | "middlewares" | "path" | "payload" | "success"
>

/** The codes of an endpoint beside those that follow from its contract. An annotation. */
export class RouteErrors extends Context.Service<RouteErrors, ReadonlyArray<ErrorCode>>()(
  "crossfade/api/RouteErrors",
) {}

/** Any path can answer these, before the request reaches its route. The description states them once. */
export const beforeRoute = [
  "ROUTE_NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "REQUEST_TIMEOUT",
  "HEADERS_TOO_LARGE",
] as const satisfies ReadonlyArray<ErrorCode>

/**
 * The route answers with the events of a run that it starts, that its caller names, or that it finds running. The last kind
 * answers 204 without a run. An annotation.
 */
export class StreamsRun extends Context.Service<StreamsRun, "starts" | "reads" | "finds">()(
  "crossfade/api/StreamsRun",
) {}

const ofReading = ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND", "SSE_CONNECTION_LIMIT"] as const

/** A request that starts a turn can also resume the stream of one. */
const ofStarting = [
  ...ofReading,
  "VALIDATION_MESSAGE_TOO_LONG",
  "AGENT_INACTIVE",
  "AUTH_AGENT_DENIED",
  "QUOTA_EXCEEDED",
  "AGENT_NOT_FOUND",
  "ATTACHMENTS_UNSUPPORTED",
  "IDEMPOTENCY_KEY_REUSED",
  "RATE_LIMIT_KEY",
  "RATE_LIMIT_USER",
  "RATE_LIMIT_ORG",
  "TOKEN_BUDGET_EXCEEDED",
  "LLM_UNAVAILABLE",
  "SHUTTING_DOWN",
] as const satisfies ReadonlyArray<ErrorCode>

const ofStreams = { starts: ofStarting, reads: ofReading, finds: ofReading }

const ofAuthentication = [
  "AUTH_TOKEN_MISSING",
  "AUTH_TOKEN_INVALID",
  "AUTH_TOKEN_EXPIRED",
  "AUTH_KEY_INVALID",
  "AUTH_KEY_EXPIRED",
  "AUTH_KEY_REVOKED",
  "AUTH_PERMISSION_DENIED",
  // The keys of tokens, the store of API keys.
  "OVERLOADED",
] as const

/** `admission/Reads` limits every authenticated GET. */
const ofReads = ["RATE_LIMIT_USER", "RATE_LIMIT_ORG", "OVERLOADED"] as const
const ofBody = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const

export const isAuthenticated = ({ middlewares }: Endpoint): boolean => middlewares.has(Authorization)

const isCode = (text: string): text is ErrorCode => Object.hasOwn(statusOfCode, text)
const inOrder = Object.keys(statusOfCode).filter(isCode)

/** Ordered as in `statusOfCode`. */
export const errorCodesOf = (endpoint: Endpoint): ReadonlyArray<ErrorCode> => {
  const stream = Context.getOrUndefined(endpoint.annotations, StreamsRun)
  const codes = new Set<ErrorCode>([
    "VALIDATION_FAILED",
    "INTERNAL_ERROR",
    ...(isAuthenticated(endpoint) ? ofAuthentication : []),
    ...(isAuthenticated(endpoint) && endpoint.method === "GET" ? ofReads : []),
    ...(endpoint.payload.size > 0 ? ofBody : []),
    ...(stream === undefined ? [] : ofStreams[stream]),
    ...(Context.getOrUndefined(endpoint.annotations, RouteErrors) ?? []),
  ])
  return inOrder.filter((code) => codes.has(code))
}
