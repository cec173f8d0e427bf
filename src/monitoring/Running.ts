/**
 * The runtime attempts that are under way, and whether they are all silent: nothing that hangs ever ends, so its end
 * cannot be waited for. Pure; changed in place by its one owner, times are epoch milliseconds.
 */
import type { OrgId } from "../domain/Ids.ts"

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
  /** When one of them last showed its first progress, or when waiting began. */
  quietSince: number
}

export interface Silence {
  readonly waiting: number
  readonly quietMs: number
  readonly limitMs: number
}

const enoughWaiting = 10

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
export const progress = <K>(running: Running<K>, key: K, now: number): Attempt | undefined => {
  const attempt = running.attempts.get(key)
  if (attempt === undefined || attempt.progressed) return undefined
  attempt.progressed = true
  running.waiting -= 1
  running.quietSince = now
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

/** How long nobody has shown progress, where enough are waiting to say so. The more wait, the sooner it is odd. */
export const silence = ({ quietSince, waiting }: Running<unknown>, now: number): Silence | undefined => {
  if (waiting < enoughWaiting) return undefined
  const limitMs = Math.min(12_000, Math.max(5000, 120_000 / waiting))
  return { waiting, quietMs: now - quietSince, limitMs }
}
