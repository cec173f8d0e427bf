/**
 * The CORS headers of a response (Fetch standard). Pure. They are set at Node's request event, so that all responses
 * have them: errors, streams, and the 503 during startup, which a page could not read otherwise.
 *
 * They allow no credentials: callers send a token in a header, never a cookie.
 */
import type { IncomingHttpHeaders } from "node:http"
import { matchesOrigin } from "../domain/Origin.ts"

const allowedHeaders = [
  "authorization",
  "baggage",
  "cache-control",
  "content-type",
  "idempotency-key",
  "if-match",
  "last-event-id",
  "sentry-trace",
  "traceparent",
  "tracestate",
  "x-agent2ui-protocol",
  "x-request-id",
]

const exposedHeaders = [
  "accept-ranges",
  "allow",
  "content-disposition",
  "content-range",
  "etag",
  "idempotent-replayed",
  "retry-after",
  "www-authenticate",
  "x-execution-mode",
  "x-gateway-overhead-ms",
  "x-ratelimit-limit",
  "x-ratelimit-limit-tokens",
  "x-ratelimit-remaining",
  "x-ratelimit-remaining-tokens",
  "x-ratelimit-reset",
  "x-ratelimit-reset-tokens",
  "x-request-id",
  "x-run-id",
  "x-session-id",
  "x-should-retry",
].join(", ")

/** Seconds for which a browser may remember a preflight. */
const maxAge = "600"

export interface CorsRequest {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** The browser asks before it sends the real request. */
export const isPreflight = ({ headers, method }: CorsRequest): boolean =>
  method === "OPTIONS" &&
  headers.origin !== undefined &&
  headers["access-control-request-method"] !== undefined

const token = /^[a-z0-9!#$%&'*+.^_`|~-]+$/

/**
 * The known headers and those that the page asks for: routing rules may read any `x-` header, and each tracing library has
 * headers of its own. A listed page may send what it likes.
 */
const allowedFor = (asked = ""): string => {
  const more = asked.split(",").map((name) => name.trim().toLowerCase())
  return [...new Set([...allowedHeaders, ...more.filter((name) => token.test(name))])].join(", ")
}

/** None without `allowedOrigins`: then no page of another origin may call. */
export const corsHeaders = (
  allowedOrigins: ReadonlyArray<string>,
  request: CorsRequest,
): Readonly<Record<string, string>> => {
  if (allowedOrigins.length === 0) return {}
  const { origin } = request.headers
  const preflight = isPreflight(request)
  // Set also without an origin, because a cache must not give this response to a page.
  const vary = { vary: preflight ? "Origin, Access-Control-Request-Headers" : "Origin" }
  if (origin === undefined || !allowedOrigins.some((pattern) => matchesOrigin(pattern, origin))) return vary
  const allowed = { ...vary, "access-control-allow-origin": origin }
  if (!preflight) return { ...allowed, "access-control-expose-headers": exposedHeaders }
  return {
    ...allowed,
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": allowedFor(request.headers["access-control-request-headers"]),
    "access-control-max-age": maxAge,
  }
}
