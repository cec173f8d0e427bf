/**
 * A token bucket: a minute's worth of turns may come at once, and from then on they come back evenly. Pure; `now` is
 * milliseconds that never go back.
 */

/** A rate as the caller sees it; times are milliseconds. */
export interface Taken {
  readonly allowed: boolean
  /** Turns a minute. */
  readonly limit: number
  readonly remaining: number
  /** Until the whole limit is there again. */
  readonly resetMs: number
  /** Until one more is allowed; 0 where one is. */
  readonly retryMs: number
}

export interface Bucket {
  /** Also parts of a token. */
  readonly tokens: number
  readonly at: number
}

export const minuteMs = 60_000

/** Takes a token where there is one. A turn that is refused costs nothing. */
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
