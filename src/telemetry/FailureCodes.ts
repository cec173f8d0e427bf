/** The codes that metrics know: a closed set, whatever an upstream invents. */

/** The codes of our own that a failed attempt has; what an upstream invents is `UPSTREAM_FAILED`. */
export const failureCodes = [
  "UPSTREAM_EMPTY",
  "UPSTREAM_FAILED",
  "UPSTREAM_GARBLED",
  "UPSTREAM_MISCONFIGURED",
  "UPSTREAM_TRUNCATED",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_UNREACHABLE",
  "TIMEOUT_FIRST_CONTENT",
  "TIMEOUT_FIRST_PROGRESS",
  "TIMEOUT_STALL",
  "TIMEOUT_CALL",
  "TIMEOUT_TOTAL",
] as const

/** The same, and the codes of failures that say nothing about the health of the attempt's mode. */
export const causeCodes = [
  ...failureCodes,
  "UPSTREAM_RATE_LIMITED",
  "UPSTREAM_REJECTED",
  "CONTENT_FILTERED",
  "CONTEXT_TOO_LONG",
  "AGENT_MISCONFIGURED",
] as const
