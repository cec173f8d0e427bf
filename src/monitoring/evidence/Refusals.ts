/**
 * Agents whose requests a target refuses again and again (HTTP 4xx): their configuration is the likely cause, and only an
 * operator can change it. Pure; changed in place by its one owner, `Health`; times are epoch milliseconds.
 *
 * Bounded: of 200 agents and targets the one that was refused least recently makes room. An answer clears the entry.
 */
import type { AgentId, OrgId } from "../../domain/Ids.ts"

export interface Refused {
  readonly orgId: OrgId
  readonly agentId: AgentId
  readonly target: string
}

export interface Refusal extends Refused {
  /** The status and the target's own codes, or the code of ours where the target gave none. */
  readonly failure: string
  /** Refusals in a row; other failures in between are not counted. */
  readonly count: number
  readonly since: number
  readonly lastAt: number
}

/** By organisation, agent and target; the least recent first. */
export type Refusals = Map<string, Refusal>

const most = 200
/** One may be a single odd message. */
const shownFrom = 2
/** Refusals in a row after which a line is logged, once. */
const loggedAt = 3

export const make = (): Refusals => new Map()

const keyOf = ({ agentId, orgId, target }: Refused): string => JSON.stringify([orgId, agentId, target])

/** Counts one refusal; true if it is the one to log. */
export const refused = (refusals: Refusals, of: Refused, failure: string, now: number): boolean => {
  const key = keyOf(of)
  const known = refusals.get(key)
  refusals.delete(key)
  const [oldest] = refusals.keys()
  if (refusals.size >= most && oldest !== undefined) refusals.delete(oldest)
  const count = (known?.count ?? 0) + 1
  const { agentId, orgId, target } = of
  refusals.set(key, { orgId, agentId, target, failure, count, since: known?.since ?? now, lastAt: now })
  return count === loggedAt
}

export const answered = (refusals: Refusals, of: Refused): void => {
  if (refusals.size > 0) refusals.delete(keyOf(of))
}

/** Those that repeat, newest first. */
export const shown = (refusals: Refusals): ReadonlyArray<Refusal> =>
  [...refusals.values()].filter(({ count }) => count >= shownFrom).toReversed()
