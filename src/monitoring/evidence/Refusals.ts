/**
 * Agents whose requests a target refuses again and again (HTTP 4xx): their configuration is the likely cause, and only an
 * operator can change it. Pure and immutable; times are epoch milliseconds.
 *
 * Bounded to 200 agents and targets: the least recent refusal makes room. An answer clears the entry.
 */
import type { AgentId, OrgId } from "../../domain/Ids.ts"
import * as OrderedMap from "../../platform/OrderedMap.ts"

export interface Refused {
  readonly orgId: OrgId
  readonly agentId: AgentId
  readonly target: string
}

export interface Refusal extends Refused {
  /** The status and the target's own codes, or our code if the target gave none. */
  readonly failure: string
  /** Refusals in a row; other failures in between are not counted. */
  readonly count: number
  readonly since: number
  readonly lastAt: number
}

/** By organisation, agent and target; the least recent first. */
export type Refusals = OrderedMap.OrderedMap<string, Refusal>

const most = 200
/** One may be a single odd message. */
const shownFrom = 2
/** Refusals in a row after which a line is logged, once. */
const loggedAt = 3

export const make = (): Refusals => OrderedMap.empty()

const keyOf = ({ agentId, orgId, target }: Refused): string => JSON.stringify([orgId, agentId, target])

/** Counts one refusal; true if it is the one to log. */
export const refused = (
  refusals: Refusals,
  { agentId, orgId, target }: Refused,
  failure: string,
  now: number,
): readonly [isLogged: boolean, Refusals] => {
  const key = keyOf({ agentId, orgId, target })
  const known = OrderedMap.get(refusals, key)
  const count = (known?.count ?? 0) + 1
  const refusal = { orgId, agentId, target, failure, count, since: known?.since ?? now, lastAt: now }
  const all = OrderedMap.append(refusals, key, refusal)
  const [oldest] = OrderedMap.values(all)
  const isFull = OrderedMap.size(all) > most && oldest !== undefined
  return [count === loggedAt, isFull ? OrderedMap.remove(all, keyOf(oldest)) : all]
}

export const answered = (refusals: Refusals, by: Refused): Refusals =>
  OrderedMap.size(refusals) > 0 ? OrderedMap.remove(refusals, keyOf(by)) : refusals

/** The refusals that repeat, newest first. */
export const repeated = (refusals: Refusals): ReadonlyArray<Refusal> =>
  [...OrderedMap.values(refusals)].filter(({ count }) => count >= shownFrom).toReversed()
