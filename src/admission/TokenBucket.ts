/**
 * A token bucket: a minute's worth of turns may start at once; after that, tokens return evenly. Pure; `now` is in monotonic
 * milliseconds.
 */

/** The rate that the caller sees; times are in milliseconds. */
export interface Taken {
  readonly allowed: boolean
  /** Turns a minute. */
  readonly limit: number
  readonly remaining: number
  /** Until the bucket is full. */
  readonly resetMs: number
  /** Until the next turn is allowed; 0 if one is allowed now. */
  readonly retryMs: number
}

export interface Bucket {
  /** May be fractional. */
  readonly tokens: number
  readonly at: number
}

export const minuteMs = 60_000

/** Takes a token if one is left. A rejected turn costs nothing. */
export const take = (
  bucket: Bucket | undefined,
  limit: number,
  now: number,
): { readonly bucket: Bucket; readonly taken: Taken } => {
  const msAToken = minuteMs / limit
  const before =
    bucket === undefined ? limit : Math.min(limit, bucket.tokens + Math.max(0, now - bucket.at) / msAToken)
  const allowed = before >= 1
  const tokens = allowed ? before - 1 : before
  return {
    bucket: { tokens, at: now },
    taken: {
      allowed,
      limit,
      remaining: Math.floor(tokens),
      resetMs: (limit - tokens) * msAToken,
      retryMs: allowed ? 0 : (1 - before) * msAToken,
    },
  }
}
