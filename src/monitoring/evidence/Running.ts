/**
 * The runtime attempts that are under way, and whether they are all silent: nothing that hangs ever ends, so its end
 * cannot be waited for. Pure; changed in place by its one owner, times are epoch milliseconds.
 */
import type { OrgId } from "../../domain/Ids.ts"

interface Attempt {
  readonly orgId: OrgId
  readonly startedAt: number
  progressed: boolean
}

/** `K` identifies an attempt. */
export interface Running<K> {
  readonly attempts: Map<K, Attempt>
  readonly byOrg: Map<OrgId, number>
  waiting: number
  /** When the youngest of those that have shown progress began, or when waiting began. */
  quietSince: number
}

export interface Silence {
  readonly waiting: number
  readonly quietMs: number
  readonly limitMs: number
}

export const enoughWaiting = 10
/** Every hundredth takes longer than the p99; that ten in a row do is no chance. */
const slowFactor = 1.5
const leastLimitMs = 4000

export const make = <K>(): Running<K> => ({
  attempts: new Map(),
  byOrg: new Map(),
  waiting: 0,
  quietSince: 0,
})

export const clear = (running: Running<unknown>): void => {
  running.attempts.clear()
  running.byOrg.clear()
  running.waiting = 0
}

export const start = <K>(running: Running<K>, key: K, orgId: OrgId, now: number): void => {
  end(running, key)
  if (running.waiting === 0) running.quietSince = now
  running.waiting += 1
  running.attempts.set(key, { orgId, startedAt: now, progressed: false })
  running.byOrg.set(orgId, (running.byOrg.get(orgId) ?? 0) + 1)
}

/** The attempt, when this is its first progress and it is known. */
export const progress = <K>(running: Running<K>, key: K): Attempt | undefined => {
  const attempt = running.attempts.get(key)
  if (attempt === undefined || attempt.progressed) return undefined
  attempt.progressed = true
  running.waiting -= 1
  running.quietSince = Math.max(running.quietSince, attempt.startedAt)
  return attempt
}

/** The attempt, which is under way no longer. */
export const end = <K>(running: Running<K>, key: K): Attempt | undefined => {
  const attempt = running.attempts.get(key)
  if (attempt === undefined) return undefined
  running.attempts.delete(key)
  if (!attempt.progressed) running.waiting -= 1
  const rest = (running.byOrg.get(attempt.orgId) ?? 1) - 1
  if (rest === 0) running.byOrg.delete(attempt.orgId)
  else running.byOrg.set(attempt.orgId, rest)
  return attempt
}

/** Forgets what an organisation has under way. */
export const withdraw = (running: Running<unknown>, orgId: OrgId): void => {
  if (!running.byOrg.has(orgId)) return
  for (const [key, attempt] of running.attempts) if (attempt.orgId === orgId) end(running, key)
}

/** How many of each organisation have shown nothing for so long. Costs as much as have begun before that. */
export const overdue = (
  { attempts }: Running<unknown>,
  waitedMs: number,
  now: number,
): ReadonlyMap<OrgId, number> => {
  const found = new Map<OrgId, number>()
  for (const { orgId, progressed, startedAt } of attempts.values()) {
    if (now - startedAt < waitedMs) break
    if (!progressed) found.set(orgId, (found.get(orgId) ?? 0) + 1)
  }
  return found
}

/**
 * Since when nobody who began has shown progress, where enough are waiting to say so. What began before a fault may
 * still show progress for a while, so it is the beginnings that count. `p99Ms`: of a healthy first progress.
 */
export const silence = (
  { quietSince, waiting }: Running<unknown>,
  p99Ms: number,
  now: number,
): Silence | undefined => {
  if (waiting < enoughWaiting) return undefined
  return { waiting, quietMs: now - quietSince, limitMs: Math.max(leastLimitMs, slowFactor * p99Ms) }
}
