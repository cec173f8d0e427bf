/**
 * The runtime attempts under way, and whether they are all silent: an attempt that hangs never ends, so its end cannot be
 * awaited. Pure and immutable; times are epoch milliseconds.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { OrgId } from "../../domain/Ids.ts"
import * as OrderedMap from "../../platform/OrderedMap.ts"
import type { Policy } from "../Policy.ts"

interface Attempt {
  /** The id of its ticket. */
  readonly id: number
  readonly orgId: OrgId
  readonly startedAt: number
  readonly progressed: boolean
}

export interface Running {
  /** In the order of their start. */
  readonly attempts: OrderedMap.OrderedMap<number, Attempt>
  readonly byOrg: HashMap.HashMap<OrgId, number>
  readonly waiting: number
  /** The start of the youngest attempt that has shown progress, or the start of the waiting. */
  readonly quietSince: number
}

interface Silence {
  readonly waiting: number
  readonly quietMs: number
  readonly limitMs: number
}

export const empty: Running = {
  attempts: OrderedMap.empty(),
  byOrg: HashMap.empty(),
  waiting: 0,
  quietSince: 0,
}

export const clear = ({ quietSince }: Running): Running => ({ ...empty, quietSince })

export const countOf = ({ byOrg }: Running, orgId: OrgId): number =>
  Option.getOrElse(HashMap.get(byOrg, orgId), () => 0)

export const find = ({ attempts }: Running, id: number): Attempt | undefined => OrderedMap.get(attempts, id)

/** An attempt with the same ticket takes the place of the last one. */
export const start = (before: Running, id: number, orgId: OrgId, now: number): Running => {
  const running = end(before, id)
  return {
    attempts: OrderedMap.append(running.attempts, id, { id, orgId, startedAt: now, progressed: false }),
    byOrg: HashMap.set(running.byOrg, orgId, countOf(running, orgId) + 1),
    waiting: running.waiting + 1,
    quietSince: running.waiting === 0 ? now : running.quietSince,
  }
}

export const progress = (running: Running, id: number): Running => {
  const attempt = find(running, id)
  if (attempt === undefined || attempt.progressed) return running
  return {
    ...running,
    attempts: OrderedMap.set(running.attempts, id, { ...attempt, progressed: true }),
    waiting: running.waiting - 1,
    quietSince: Math.max(running.quietSince, attempt.startedAt),
  }
}

export const end = (running: Running, id: number): Running => {
  const attempt = find(running, id)
  if (attempt === undefined) return running
  const { orgId, progressed } = attempt
  const rest = countOf(running, orgId) - 1
  const { byOrg } = running
  return {
    ...running,
    attempts: OrderedMap.remove(running.attempts, id),
    byOrg: rest === 0 ? HashMap.remove(byOrg, orgId) : HashMap.set(byOrg, orgId, rest),
    waiting: progressed ? running.waiting : running.waiting - 1,
  }
}

/** Removes the attempts of one organisation. */
export const withdraw = (running: Running, orgId: OrgId): Running => {
  if (countOf(running, orgId) === 0) return running
  const own = [...OrderedMap.values(running.attempts)].filter((attempt) => attempt.orgId === orgId)
  return own.reduce((rest, { id }) => end(rest, id), running)
}

/** Attempts without progress for so long, by organisation. Costs as much as have begun before that. */
export const overdue = ({ attempts }: Running, waitedMs: number, now: number): ReadonlyMap<OrgId, number> => {
  const counts = new Map<OrgId, number>()
  for (const { orgId, progressed, startedAt } of OrderedMap.values(attempts)) {
    if (now - startedAt < waitedMs) break
    if (!progressed) counts.set(orgId, (counts.get(orgId) ?? 0) + 1)
  }
  return counts
}

/**
 * The time since which no attempt that began has shown progress; undefined while too few wait. An attempt that began before
 * a fault may still show progress for a while, so the starts count. `p99Ms`: of a healthy first progress.
 */
export const silence = (
  { quietSince, waiting }: Running,
  policy: Policy,
  p99Ms: number,
  now: number,
): Silence | undefined => {
  if (waiting < policy.enoughWaiting) return undefined
  const limitMs = Math.max(policy.leastSilenceMs, policy.silenceFactor * p99Ms)
  return { waiting, quietMs: now - quietSince, limitMs }
}
