/**
 * The first line of each screen for people on call: which mode answers now, and why. Pure. The rules are those of
 * `decision/ModeDecision` and `monitoring/breaker/RuntimePermission`, seen from outside.
 *
 * A screen formats the values; the English texts are here, so that all screens say the same.
 */
import type { BreakerState } from "./BreakerState.ts"
import type { ExecutionMode } from "./Mode.ts"

/** A live view lists no more organisations; overrides come first. */
export const mostOrgs = 100

interface Scope {
  readonly state: BreakerState
  readonly reason: string
  readonly since: number
  readonly nextProbeAt: number | null
  readonly share: number
  readonly forced: {
    readonly mode: ExecutionMode
    readonly by: string
    readonly reason: string
    readonly expiresAt: number | null
  } | null
}

/** The part of the live view that decides. Times are epoch milliseconds. */
export interface Situation {
  readonly at: number
  readonly fleet: "none" | "joined" | "lost"
  readonly runtimeConfigured: boolean
  readonly directConfigured: boolean
  readonly directFailing: boolean
  readonly breaker: Scope
  /** The direct providers. */
  readonly providers: ReadonlyArray<{ readonly state: string }>
  readonly orgs: ReadonlyArray<Scope & { readonly orgId: string }>
  readonly rollout: {
    readonly percentage: number
    readonly defaultMode: ExecutionMode
    readonly enabledOrgs: number
    readonly deniedOrgs: number
    readonly rules: number
  }
}

/** `turns`: all turns, or those of one organisation. */
export type Value =
  | string
  | number
  | { readonly time: number; readonly now: number }
  | { readonly ms: number }
  | { readonly share: number }
  | { readonly turns: string | null }

export const headlineTexts = {
  noTarget: "No mode has a target: every turn fails. Configure a runtime or a direct provider.",
  noRuntime: "No runtime is configured: direct mode answers all turns.",
  forcedDirect: "Operator override by {by} until {until}: direct mode answers {turns}. Reason: {reason}",
  forcedDirectUntilEnded:
    "Operator override by {by}, until an operator ends it: direct mode answers {turns}. Reason: {reason}",
  forcedNowhere:
    "Operator override by {by}: direct mode must answer {turns}, but no direct provider is configured, so they fail. Reason: {reason}",
  forcedRuntime:
    "Operator override by {by} until {until}: the runtime gets {turns}, even if it fails. Reason: {reason}",
  forcedRuntimeUntilEnded:
    "Operator override by {by}, until an operator ends it: the runtime gets {turns}, even if it fails. Reason: {reason}",
  allRuntime: "All turns go to the runtime.",
  rolloutAll:
    "The rollout gives all new sessions to the runtime. A session that already uses direct mode keeps it.",
  rolloutShare:
    "The rollout gives {share} of new sessions to the runtime. Direct mode answers the rest. A session keeps its mode.",
  rolloutNone:
    "The rollout gives all new sessions to direct mode. A session that already uses the runtime keeps it while the breaker allows this.",
  open: "Direct mode answers {turns}: the breaker opened {ago} ago because: {reason}. Next probe in {probe}.",
  openProbing: "Direct mode answers {turns}: the breaker opened {ago} ago because: {reason}. A probe is due.",
  openElsewhere:
    "Direct mode answers {turns}: the breaker opened {ago} ago because: {reason}. Another replica probes the runtime.",
  halfOpen:
    "Direct mode answers {turns}, except one turn at a time that probes the runtime: the breaker opened because: {reason}.",
  openNoDirect:
    "No direct provider is configured: the runtime still gets {turns}. The breaker left it {ago} ago because: {reason}.",
  openBothFail:
    "Turns still go to the runtime because direct mode fails as well. The breaker left it {ago} ago because: {reason}.",
  ramp: "In a ramp: {share} of sessions use the runtime. Direct mode answers the rest. The breaker had opened because: {reason}.",
  rampLast:
    "At the end of a ramp: all sessions may use the runtime again. The breaker had opened because: {reason}.",
  orgs: "Organisations with a breaker or an override of their own: {count}.",
  orgsOrMore: "Organisations with a breaker or an override of their own: {count} or more.",
  fleetLost: "The fleet's Redis is unreachable: each replica decides alone.",
  noWayBack: "No direct provider is configured: if the runtime fails, turns fail with it.",
  deniedFail: "Turns of the denied organisations fail: they may not use the runtime.",
  directFails: "Direct mode fails now: turns that start there or move there may fail.",
  exceptions: "Lists or rules of the rollout may decide otherwise for some turns.",
  ofRollout: "This applies to the {share} of sessions that the rollout gives to the runtime.",
  allTurns: "all turns",
  turnsOf: "the turns of {org}",
} as const
export type HeadlineText = keyof typeof headlineTexts

export interface Line {
  readonly text: HeadlineText
  readonly values: Readonly<Record<string, Value>>
}

export interface Headline {
  readonly tone: "good" | "warn" | "bad"
  readonly main: Line
  readonly notes: ReadonlyArray<Line>
}

const line = (text: HeadlineText, values: Line["values"] = {}): Line => ({ text, values })

/** A reason ends without a full stop, because the text adds one. */
const bare = (reason: string): string => reason.replace(/\.+$/, "")

/** The share of sessions that the rollout gives to the runtime. Without direct mode it gets all. */
const rolloutOf = ({ directConfigured, rollout }: Situation): number =>
  !directConfigured || rollout.defaultMode === "runtime_orchestrator" ? 1 : rollout.percentage / 100

const isForNone = (situation: Situation): boolean => {
  const { enabledOrgs, rules } = situation.rollout
  return rolloutOf(situation) === 0 && enabledOrgs === 0 && rules === 0
}

type Main = Pick<Headline, "tone" | "main">

const ofOverride = (
  { at, directConfigured }: Situation,
  { by, expiresAt, mode, reason }: NonNullable<Scope["forced"]>,
  org: string | null,
): Main => {
  const values = { by, reason, turns: { turns: org } }
  const until = expiresAt === null ? values : { ...values, until: { time: expiresAt, now: at } }
  if (mode === "direct_llm" && !directConfigured) return { tone: "bad", main: line("forcedNowhere", values) }
  const text = mode === "direct_llm" ? "forcedDirect" : "forcedRuntime"
  return { tone: "warn", main: line(expiresAt === null ? `${text}UntilEnded` : text, until) }
}

const ofClosed = (situation: Situation): Main => {
  const share = rolloutOf(situation)
  const { directConfigured, rollout } = situation
  if (!directConfigured || rollout.defaultMode === "runtime_orchestrator")
    return { tone: "good", main: line("allRuntime") }
  if (share === 1) return { tone: "good", main: line("rolloutAll") }
  if (isForNone(situation)) return { tone: "warn", main: line("rolloutNone") }
  return { tone: "good", main: line("rolloutShare", { share: { share } }) }
}

/** An organisation's own breaker does not look at direct mode's faults. */
const ofBreaker = (situation: Situation, scope: Scope, org: string | null): Main => {
  const { at, directConfigured, directFailing } = situation
  const ago = { ms: Math.max(0, at - scope.since) }
  const values = { reason: bare(scope.reason), ago, turns: { turns: org } }
  if (!directConfigured) return { tone: "bad", main: line("openNoDirect", values) }
  if (directFailing && org === null) return { tone: "bad", main: line("openBothFail", values) }
  if (scope.state === "ramp") {
    const { share } = scope
    return share === 1
      ? { tone: "warn", main: line("rampLast", values) }
      : { tone: "warn", main: line("ramp", { ...values, share: { share } }) }
  }
  if (scope.state === "half_open") return { tone: "bad", main: line("halfOpen", values) }
  if (scope.nextProbeAt === null) return { tone: "bad", main: line("openElsewhere", values) }
  const waitMs = scope.nextProbeAt - at
  return waitMs >= 1000
    ? { tone: "bad", main: line("open", { ...values, probe: { ms: waitMs } }) }
    : { tone: "bad", main: line("openProbing", values) }
}

const mainOf = (situation: Situation, own: (Scope & { readonly orgId: string }) | undefined): Main => {
  const { breaker, directConfigured } = situation
  if (!situation.runtimeConfigured)
    return directConfigured
      ? { tone: "warn", main: line("noRuntime") }
      : { tone: "bad", main: line("noTarget") }
  // An override of all to direct mode is stronger than an organisation's own.
  if (breaker.forced?.mode === "direct_llm") return ofOverride(situation, breaker.forced, null)
  if (own?.forced) return ofOverride(situation, own.forced, own.orgId)
  if (breaker.forced) return ofOverride(situation, breaker.forced, null)
  if (own !== undefined && own.state !== "closed") return ofBreaker(situation, own, own.orgId)
  if (breaker.state === "closed" || isForNone(situation)) return ofClosed(situation)
  return ofBreaker(situation, breaker, null)
}

/** The sentences that leave room for the lists and rules of the rollout. */
const byRollout: ReadonlySet<HeadlineText> = new Set([
  "allRuntime",
  "rolloutAll",
  "rolloutShare",
  "rolloutNone",
  "openBothFail",
  "ramp",
  "rampLast",
])

/** A list or a rule may lead elsewhere than the percentage and the default mode. */
const hasExceptions = ({ rollout }: Situation, share: number): boolean =>
  rollout.rules > 0 || (share < 1 && rollout.enabledOrgs > 0) || (share > 0 && rollout.deniedOrgs > 0)

/** Also if the breakers of all providers are open, for instance after a time without turns. */
const isDirectDown = ({ directConfigured, directFailing, providers }: Situation): boolean =>
  directConfigured &&
  (directFailing || (providers.length > 0 && providers.every(({ state }) => state !== "closed")))

const fleetNotes = ({ fleet, orgs }: Situation): ReadonlyArray<Line> => [
  ...(fleet === "lost" ? [line("fleetLost")] : []),
  ...(orgs.length === 0
    ? []
    : [line(orgs.length < mostOrgs ? "orgs" : "orgsOrMore", { count: orgs.length })]),
]

/** Additions for all organisations. */
const notesOf = (situation: Situation, main: HeadlineText): ReadonlyArray<Line> => {
  const { breaker, directConfigured, rollout, runtimeConfigured } = situation
  const share = rolloutOf(situation)
  const isPartial = share > 0 && share < 1
  const isOnlyRuntime = runtimeConfigured && !directConfigured
  return [
    ...fleetNotes(situation),
    ...(isPartial && (main === "ramp" || main === "rampLast" || main === "openBothFail")
      ? [line("ofRollout", { share: { share } })]
      : []),
    ...(directConfigured && byRollout.has(main) && hasExceptions(situation, share)
      ? [line("exceptions")]
      : []),
    ...(isOnlyRuntime && breaker.state === "closed" ? [line("noWayBack")] : []),
    ...(isOnlyRuntime && breaker.forced === null && rollout.deniedOrgs > 0 ? [line("deniedFail")] : []),
    ...(isDirectDown(situation) && main !== "openBothFail" ? [line("directFails")] : []),
  ]
}

/** For all turns, or for those of one organisation. */
export const headlineOf = (situation: Situation, orgId?: string): Headline => {
  const own = situation.orgs.find((org) => org.orgId === orgId)
  const { main, tone } = mainOf(situation, own)
  const notes = orgId === undefined ? notesOf(situation, main.text) : []
  const isDoubtful = notes.some(({ text }) => text !== "exceptions" && text !== "ofRollout")
  return { tone: tone === "good" && isDoubtful ? "warn" : tone, main, notes }
}

/** Fills the places of a text. `shown` formats the values that are neither text nor a number. */
export const filled = (
  template: string,
  values: Line["values"],
  shown: (value: Exclude<Value, string | number>) => string,
): string =>
  template.replaceAll(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name]
    if (value === undefined) return place
    return typeof value === "object" ? shown(value) : String(value)
  })
