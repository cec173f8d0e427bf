/** The news in a transition of a breaker: it opened or closed, or an operator's override began or ended. Pure. */
import { durationText } from "../domain/Duration.ts"
import { type News, sentence } from "../domain/Notification.ts"
import type { OperatorOverride } from "../monitoring/breaker/OperatorOverride.ts"
import type { ScopedTransition } from "../monitoring/breaker/Transition.ts"
import { allLeave } from "../monitoring/breaker/TripRules.ts"

interface Circumstances {
  /** The override of the scope before the transition. */
  readonly before: OperatorOverride | undefined
  /** The replica that decided without the others; undefined: the fleet agreed, or there is none. */
  readonly alone: string | undefined
  readonly directConfigured: boolean
}

/** A message of Teams has at most 28 KB. */
const mostNamed = 20

const modes = { direct_llm: "direct mode", runtime_orchestrator: "the runtime" } as const

const scopeOf = ({ orgId }: ScopedTransition): string =>
  orgId === null ? "all organisations" : `the organisation ${orgId}`

const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`

const overrideData = ({ by, expiresAt, mode, since }: OperatorOverride, at: number) => ({
  mode,
  setBy: by,
  since,
  expiresAt,
  lastedMs: Math.max(0, at - since),
})

/** Without Redis a change holds on one replica only. */
const whereOf = ({ alone }: Circumstances): string =>
  alone === undefined ? "" : ` on replica ${alone}, without Redis`

const setNews = (
  transition: ScopedTransition,
  forced: OperatorOverride,
  circumstances: Circumstances,
): News => {
  const { at, orgId } = transition
  const { by, expiresAt, mode, reason } = forced
  const isNowhere = mode === "direct_llm" && !circumstances.directConfigured
  const until =
    expiresAt === null
      ? "without an end"
      : `until ${utc(expiresAt)}, for ${durationText(expiresAt - forced.since)}`
  return {
    kind: "override.set",
    severity: "warning",
    orgId,
    by,
    reason,
    text: `${sentence(
      `${by} sends ${scopeOf(transition)} to ${modes[mode]}${whereOf(circumstances)} ${until}`,
      reason,
    )}${isNowhere ? " No direct provider is configured: these turns fail." : ""}`,
    data: overrideData(forced, at),
  }
}

const endNews = (
  transition: ScopedTransition,
  before: OperatorOverride,
  circumstances: Circumstances,
): News => {
  const { at, by = null, orgId, reason, to } = transition
  const isExpired = before.expiresAt !== null && at >= before.expiresAt && by === null
  const end = isExpired ? "expired" : by === null ? "ended" : `was ended by ${by}`
  const lasted = `after ${durationText(at - before.since)}${whereOf(circumstances)}`
  const origin = sentence(`${before.by} had set it`, before.reason)
  const now = to === "closed" ? "" : ` The breaker is ${to.replace("_", " ")}.`
  const stated = by !== null && reason.startsWith(`${by}: `) ? reason.slice(by.length + 2) : reason
  return {
    kind: isExpired ? "override.expired" : "override.ended",
    severity: isExpired ? "warning" : "info",
    orgId,
    by,
    reason: stated,
    text: `The override to ${modes[before.mode]} for ${scopeOf(transition)} ${sentence(`${end} ${lasted}`, isExpired ? null : stated)} ${origin}${now}`,
    data: overrideData(before, at),
  }
}

/** The end of an override that this replica did not see, or that it ended by itself while Redis was away. */
const unseenEndNews = (transition: ScopedTransition, circumstances: Circumstances): News => {
  const { by = null, from, orgId, reason, to } = transition
  const main = `The override for ${scopeOf(transition)} ended${whereOf(circumstances)}`
  return {
    kind: by === null ? "override.expired" : "override.ended",
    severity: by === null ? "warning" : "info",
    orgId,
    by,
    reason,
    text: sentence(main, reason),
    data: { from, to },
  }
}

const isAway = (state: ScopedTransition["from"]): boolean => state === "open" || state === "half_open"

/**
 * A failed probe keeps the breaker open, so only the way from the runtime and the way back are news. An organisation that
 * leaves with all others stays away: its own breaker closes, and the event is that of all.
 */
const moveNews = (transition: ScopedTransition, circumstances: Circumstances): News | undefined => {
  const { by = null, evidence, from, orgId, reason, to } = transition
  const isOpened = to === "open" && !isAway(from)
  if (!isOpened && (to !== "closed" || reason === allLeave)) return undefined
  const scope = orgId === null ? "The breaker of all organisations" : `The breaker of ${scopeOf(transition)}`
  const where = whereOf(circumstances)
  const again = from === "ramp" ? " again" : ""
  const stays =
    isOpened && !circumstances.directConfigured
      ? " No direct provider is configured: turns stay on the runtime."
      : ""
  return {
    kind: isOpened ? "breaker.opened" : "breaker.closed",
    severity: isOpened ? (orgId === null ? "action" : "warning") : "info",
    orgId,
    by,
    reason,
    text: `${sentence(`${scope} ${isOpened ? `opened${again}` : "closed"}${where}`, reason)}${stays}`,
    data: { from, to, faults: evidence.faults, timeouts: evidence.timeouts },
  }
}

const isSame = (one: OperatorOverride, other: OperatorOverride | undefined): boolean =>
  one.since === other?.since &&
  one.mode === other.mode &&
  one.by === other.by &&
  one.reason === other.reason &&
  one.expiresAt === other.expiresAt

/** Undefined for a transition that only the log shows. */
export const of = (transition: ScopedTransition, circumstances: Circumstances): News | undefined => {
  const { forced } = transition
  const { before } = circumstances
  if (forced !== null) return isSame(forced, before) ? undefined : setNews(transition, forced, circumstances)
  if (before !== undefined) return endNews(transition, before, circumstances)
  const { from } = transition
  const isOverride = from === "forced_direct" || from === "forced_runtime"
  return isOverride ? unseenEndNews(transition, circumstances) : moveNews(transition, circumstances)
}

interface Announced {
  readonly news: News
  readonly ours: boolean
}

/** A reset of all organisations closes many breakers. One event for them leaves room in the queues of the webhooks. */
export const merged = <A extends Announced>(events: ReadonlyArray<A>): ReadonlyArray<A> => {
  const isOrgClosed = ({ kind, orgId }: News) => kind === "breaker.closed" && orgId !== null
  const groups = Map.groupBy(events, (one) =>
    isOrgClosed(one.news) ? JSON.stringify([one.ours, one.news.by, one.news.reason]) : one,
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined || group.length === 1) return group
    const { by, kind, reason, severity } = first.news
    const text = sentence(`The breakers of ${group.length} organisations closed`, reason)
    const orgs = group.flatMap(({ news }) => news.orgId ?? []).slice(0, mostNamed)
    return [{ ...first, news: { kind, severity, orgId: null, by, reason, text, data: { orgs } } }]
  })
}
