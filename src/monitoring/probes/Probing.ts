/**
 * When a synthetic probe is due: tiny real executions that cost no user anything. Pure; changed in place by its one
 * owner, times are epoch milliseconds.
 *
 * While open they find the way back; under suspicion they confirm it sooner than users would; and where no user has
 * come for a while one tells of a broken runtime before the next user does.
 */

export interface Probe {
  readonly id: number
  readonly startedAt: number
  /** Of the breaker of all when it began. */
  readonly epoch: number
}

export interface Probing {
  readonly underway: Map<number, Probe>
  nextId: number
  lastStartAt: number
  /** When anything, a probe or a user's attempt, last said how the runtime is. */
  verdictAt: number
  /** The last probe was bad. */
  failed: boolean
  /** Probes of this suspicion so far. */
  confirmed: number
  /** Probes in a row that said nothing. */
  mute: number
  /** Whether it is for this replica to probe: one does for all. */
  here: boolean
}

export interface Situation {
  readonly state: "closed" | "open" | "other"
  /** Of an open breaker: the last probe was good. */
  readonly good: boolean
  readonly suspicious: boolean
  /** Somebody has wanted the runtime of late. */
  readonly wanted: boolean
}

const openIntervalMs = 2000
const eagerIntervalMs = 1000
const idleMs = 30_000
const confirmations = 5
const mostUnderway = 5
/** Some 20 s while open: the runtime refuses probes as such. */
const muteAt = 10
/** A probe may take so long; whatever has not shown content by then is bad. */
export const deadlineMs = 8000

export const make = (): Probing => ({
  underway: new Map(),
  nextId: 0,
  lastStartAt: Number.NEGATIVE_INFINITY,
  verdictAt: Number.NEGATIVE_INFINITY,
  failed: false,
  confirmed: 0,
  mute: 0,
  here: true,
})

const openInterval = (good: boolean): number => (good ? eagerIntervalMs : openIntervalMs)

/** When the next one is due while the breaker of all is open. */
export const nextWhileOpen = ({ lastStartAt }: Probing, good: boolean, now: number): number =>
  Math.max(now, lastStartAt + openInterval(good))

const isDue = (probing: Probing, situation: Situation, now: number): boolean => {
  const sinceStart = now - probing.lastStartAt
  if (situation.state === "open") {
    return sinceStart >= openInterval(situation.good)
  }
  if (situation.state === "other") return false
  if (situation.suspicious || probing.failed) {
    // Doubt that they do not settle must not end all probing.
    return sinceStart >= (probing.confirmed < confirmations ? eagerIntervalMs : idleMs)
  }
  const begins = probing.verdictAt === Number.NEGATIVE_INFINITY
  return (situation.wanted || begins) && Math.min(sinceStart, now - probing.verdictAt) >= idleMs
}

/** The probe that is to be begun now; it must be ended. */
export const take = (
  probing: Probing,
  situation: Situation,
  epoch: number,
  now: number,
): Probe | undefined => {
  const calm = situation.state === "closed" && !situation.suspicious && !probing.failed
  if (calm) probing.confirmed = 0
  for (const [id, probe] of probing.underway) {
    if (now - probe.startedAt > 2 * deadlineMs) probing.underway.delete(id)
  }
  if (probing.underway.size >= mostUnderway || !isDue(probing, situation, now)) return undefined
  const probe = { id: probing.nextId++, startedAt: now, epoch }
  probing.underway.set(probe.id, probe)
  probing.lastStartAt = now
  if (!calm) probing.confirmed += 1
  return probe
}

/** Whether it was under way. */
export const end = (
  probing: Probing,
  probe: Probe,
  result: "good" | "bad" | "neutral",
  now: number,
): boolean => {
  if (!probing.underway.delete(probe.id)) return false
  learn(probing, result, now)
  return true
}

export const learn = (probing: Probing, result: "good" | "bad" | "neutral", now: number): void => {
  probing.mute = result === "neutral" ? probing.mute + 1 : 0
  if (result === "neutral") return
  probing.verdictAt = now
  probing.failed = result === "bad"
}

/** Probes tell nothing here: the way back must do without. */
export const isMute = ({ mute }: Probing): boolean => mute >= muteAt
