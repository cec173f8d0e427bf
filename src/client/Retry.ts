/**
 * Decides on another try after a failure. Pure. Every request is safe to repeat: a GET and a cancel by themselves, a turn by
 * its idempotency key.
 */
import type { StreamError } from "../protocol/Encoder.ts"
import type { CrossfadeError } from "./CrossfadeError.ts"

export interface Failure {
  readonly error: CrossfadeError
  /** Failures in a row before this one. */
  readonly failures: number
  /** Milliseconds since the first of them. */
  readonly failingMs: number
  /** From 0 to 1. */
  readonly random: number
}

const firstDelayMs = 250
const longestDelayMs = 8000

/** The ends of a connection that are not the end of its run. */
const connectionEnds = {
  AUTH_TOKEN_EXPIRED: true,
  EVENTS_UNAVAILABLE: true,
  SHUTTING_DOWN: true,
} satisfies Record<StreamError["code"], true>

export const endsConnectionOnly = (code: string): boolean => Object.hasOwn(connectionEnds, code)

const transientStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

const isTransient = ({ code, status }: CrossfadeError, failures: number): boolean => {
  if (status === undefined) return code === "CONNECTION_LOST" || endsConnectionOnly(code)
  // A bug of the gateway usually answers the second request in the same way.
  if (status === 500) return failures === 0
  return transientStatuses.has(status)
}

/**
 * The milliseconds to wait before the next try. Undefined: give up, because the failure is permanent or would last longer than
 * `boundMs`. The delay doubles and varies by half, also after `Retry-After`, so that clients do not return at the same time.
 */
export const delayAfter = (
  { error, failingMs, failures, random }: Failure,
  boundMs: number,
): number | undefined => {
  if (!isTransient(error, failures)) return undefined
  const backoff = Math.min(longestDelayMs, firstDelayMs * 2 ** failures) * (0.5 + random / 2)
  const delay = (error.retryAfter ?? 0) * 1000 + backoff
  return failingMs + delay > boundMs ? undefined : delay
}
