/**
 * Gives each new connection to the ready worker with the fewest open ones. A worker gets one connection at a time and
 * confirms it, so a worker that stands still holds back one, and a draining worker loses none.
 */
import type { Port } from "./Messages.ts"

/** A worker as the dispatcher sees it. */
export interface Taker {
  readonly ports: ReadonlySet<Port>
  readonly isReady: boolean
  /** False while a connection is on its way to it. */
  readonly isFree: boolean
  /** Connections that it has. */
  readonly open: number
}

/** Workers that still start answer 503, so they get a connection only if no ready one has the port. */
const candidates = <T extends Taker>(takers: Iterable<T>, port: Port): ReadonlyArray<T> => {
  const all = [...takers].filter(({ ports }) => ports.has(port))
  const ready = all.filter(({ isReady }) => isReady)
  return ready.length > 0 ? ready : all
}

/** Undefined if the connection must wait. */
export const choose = <T extends Taker>(takers: Iterable<T>, port: Port): T | undefined =>
  candidates(takers, port)
    .filter(({ isFree }) => isFree)
    .reduce<T | undefined>(
      (best, taker) => (best === undefined || taker.open < best.open ? taker : best),
      undefined,
    )
