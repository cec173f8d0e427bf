/** The error codes of metrics: a closed set for any code of an upstream. */

/** The service's own codes of failed attempts; an upstream's own codes become `UPSTREAM_FAILED`. */
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

/** The same codes, and those of failures that are no evidence about the mode's health. */
export const causeCodes = [
  ...failureCodes,
  "UPSTREAM_RATE_LIMITED",
  "UPSTREAM_REJECTED",
  "CONTENT_FILTERED",
  "CONTEXT_TOO_LONG",
  "AGENT_MISCONFIGURED",
] as const
