/**
 * The rule for a connection whose peer takes nothing: it is cut. Pure; times are monotonic milliseconds.
 *
 * Bytes count as delivered when the peer's kernel has acknowledged them, where the kernel tells, and when they have left
 * Node otherwise. The kernel of this machine holds megabytes for a connection and takes more in steps of up to a third of
 * them, so from Node alone a slow reader looks for minutes like one that takes nothing.
 */

/** One look at a connection. */
export interface Look {
  /** Bytes delivered so far. A look may see too few of them, never too many. */
  readonly delivered: number
  /** Bytes wait for the peer, in Node or in the kernel. */
  readonly waiting: boolean
  /** The peer's kernel has not answered the bytes that were sent last. */
  readonly unanswered: boolean
}

/** The most that was delivered at any look, and the time since which nothing more was. */
export interface Watch {
  delivered: number
  since: number
}

export interface Limits {
  /** For a peer that is there and takes nothing. */
  readonly takesNothingMs: number
  /** For a peer whose kernel is silent as well: it is gone, or its network is. */
  readonly unansweredMs: number
}

/** Notes a look in `watch`. Gives whether the connection is to be cut. */
export const isStalled = (watch: Watch, look: Look, now: number, limits: Limits): boolean => {
  if (!look.waiting || look.delivered > watch.delivered) {
    watch.delivered = Math.max(watch.delivered, look.delivered)
    watch.since = now
    return false
  }
  return now - watch.since >= (look.unanswered ? limits.unansweredMs : limits.takesNothingMs)
}
