/**
 * Decides when to cut a connection whose peer does not read. Pure; times are monotonic milliseconds.
 *
 * Bytes count as delivered when the peer's kernel has acknowledged them, if the kernel reports that, and otherwise
 * when they have left Node. This machine's kernel buffers megabytes for a connection and accepts more in steps of up
 * to a third of them, so Node's own view cannot tell a slow reader from a stalled one for minutes.
 */

/** One observation of a connection. */
export interface Look {
  /** Bytes delivered so far. An observation may report too few, never too many. */
  readonly delivered: number
  /** True if bytes wait for the peer, in Node or in the kernel. */
  readonly waiting: boolean
  /** True if the peer's kernel has not acknowledged the last bytes. */
  readonly unanswered: boolean
}

/** The most bytes delivered so far, and the time since which no more were. */
export interface Watch {
  delivered: number
  since: number
}

export interface Limits {
  /** For a peer that is alive but does not read. */
  readonly takesNothingMs: number
  /** For a peer whose kernel is silent too: the peer or its network is gone. */
  readonly unansweredMs: number
}

/** Records an observation in `watch`. Returns true if the connection must be cut. */
export const isStalled = (watch: Watch, look: Look, now: number, limits: Limits): boolean => {
  if (!look.waiting || look.delivered > watch.delivered) {
    watch.delivered = Math.max(watch.delivered, look.delivered)
    watch.since = now
    return false
  }
  return now - watch.since >= (look.unanswered ? limits.unansweredMs : limits.takesNothingMs)
}
