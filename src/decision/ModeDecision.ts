/**
 * Decides which modes a turn may use, and why. Pure: the settings, the turn, the operator override and the breaker's
 * answer go in; a `Decision` with every evaluated rule is the result.
 *
 * The rules in order: operator override, denied organisations, the caller's request, enabled organisations, rules by request,
 * percentage, default mode, pending interrupt, attachments, configured modes, breaker. A turn that was not given to the
 * runtime is never sent there, even if direct mode fails.
 */
import type { AttachmentKind } from "../domain/Attachment.ts"
import { placeOf } from "../domain/Bucket.ts"
import { type Cohort, cohortOf } from "../domain/Cohort.ts"
import type { Decision } from "../domain/Decision.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { RolloutSettings } from "../domain/RolloutSettings.ts"
import { evaluate, type Request } from "./RequestRules.ts"

export type { Request } from "./RequestRules.ts"

/** The modes that have a target. */
export interface Available {
  readonly runtime: boolean
  readonly direct: boolean
  /** The modes that have targets, but none that takes the files of the turn. */
  readonly refusing?: ReadonlyArray<ExecutionMode>
}

type Kinds = ReadonlyArray<AttachmentKind>

/** The kinds of files that each target of a mode takes. */
export type Takes = (mode: ExecutionMode) => ReadonlyArray<Kinds>

/** The operator override for the turn's organisation. */
export interface Override {
  readonly mode: ExecutionMode
  readonly reason: string
}

/** The breaker's answer about the runtime, requested only for a turn that prefers it. */
export interface BreakerAnswer {
  readonly allowed: "yes" | "no" | "probe"
  readonly reason: string
}

/** The result of one rule. It has a mode if the rule decides. */
interface RuleResult {
  readonly rule: string
  readonly result: string
  readonly mode?: ExecutionMode
  readonly cohort?: Cohort
}

interface PreferredMode {
  readonly mode: ExecutionMode
  readonly reason: string
  readonly rules: Decision["rules"]
  readonly cohort?: Cohort
  /** False for an operator override to the runtime: it bypasses the breaker. */
  readonly asksBreaker: boolean
  /** The turn must not reach the runtime, not even in shadow. */
  readonly neverRuntime: boolean
}

const byList = (
  rule: string,
  orgs: ReadonlyArray<string>,
  orgId: string,
  mode: ExecutionMode,
): RuleResult => {
  if (orgs.length === 0) return { rule, result: "no organisation is listed" }
  return orgs.includes(orgId)
    ? { rule, result: "the organisation is listed", mode }
    : { rule, result: "the organisation is not listed" }
}

/** The buckets of the rollout; no other feature uses this name. */
const flag = "rollout"

/** At 0 % no session joins a cohort; a session that has one keeps it. */
const byPercentage = ({ percentage }: RolloutSettings, { cohort, sessionId }: Request): RuleResult => {
  const rule = "percentage"
  if (cohort === null && percentage === 0) return { rule, result: "0 %: nothing is rolled out" }
  const place = placeOf(flag, sessionId)
  const part = cohort ?? cohortOf(place, percentage / 100)
  const result =
    cohort === null ? `${part}: place ${place.toFixed(4)} at ${percentage} %` : `${part}, as before`
  return part === "treatment"
    ? { rule, result, mode: "runtime_orchestrator", cohort: part }
    : { rule, result, cohort: part }
}

/** Every rule in order, evaluated until one has a mode. */
function* rulesOf(
  settings: RolloutSettings,
  request: Request,
  forced: Override | undefined,
): Generator<RuleResult> {
  yield forced === undefined
    ? { rule: "forced", result: "no operator override" }
    : { rule: "forced", result: forced.reason, mode: forced.mode }
  yield byList("denied_orgs", settings.deniedOrgs, request.orgId, "direct_llm")
  if (request.requested !== undefined)
    yield { rule: "requested", result: "the caller chose the mode", mode: request.requested }
  yield byList("enabled_orgs", settings.enabledOrgs, request.orgId, "runtime_orchestrator")
  for (const rule of settings.rules) {
    const { matches, result } = evaluate(rule, request)
    yield { rule: `rule:${rule.name}`, result, ...(matches ? { mode: rule.mode } : {}) }
  }
  yield byPercentage(settings, request)
  yield { rule: "default_mode", result: settings.defaultMode, mode: settings.defaultMode }
}

const byRules = (
  settings: RolloutSettings,
  request: Request,
  forced: Override | undefined,
): PreferredMode => {
  const rules: Array<Decision["rules"][number]> = []
  let cohort: Cohort | undefined
  for (const found of rulesOf(settings, request, forced)) {
    const { mode, result, rule } = found
    cohort ??= found.cohort
    rules.push({ rule, result, decided: mode !== undefined })
    if (mode === undefined) continue
    const neverRuntime = mode === "direct_llm" && (rule === "forced" || rule === "denied_orgs")
    const asksBreaker = rule !== "forced"
    const preferredMode = { mode, reason: rule, rules, asksBreaker, neverRuntime }
    return cohort === undefined ? preferredMode : { ...preferredMode, cohort }
  }
  throw new Error("the default mode decides whatever no rule has decided")
}

const modes = ["runtime_orchestrator", "direct_llm"] as const

const takesAll = (targets: ReadonlyArray<Kinds>, wanted: Kinds): boolean =>
  targets.some((kinds) => wanted.every((kind) => kinds.includes(kind)))

/**
 * The modes for one turn, also as a fallback and as a shadow. A turn with a pending interrupt has no direct mode, and a
 * turn with files has only modes with a target that takes all of them.
 */
export const availableTo = (
  { attachments, awaitsAnswer }: Request,
  configured: Available,
  takes: Takes,
): Available => {
  const direct = configured.direct && !awaitsAnswer
  if (attachments.length === 0) return { runtime: configured.runtime, direct }
  const refusing = modes.filter((mode) => !takesAll(takes(mode), attachments))
  return {
    runtime: configured.runtime && !refusing.includes("runtime_orchestrator"),
    direct: direct && !refusing.includes("direct_llm"),
    refusing,
  }
}

/** The kinds of the targets that may get the turn, each set once. Empty: no mode may take it even without files. */
export const allowedKinds = (
  settings: RolloutSettings,
  configured: Available,
  takes: Takes,
  request: Request,
  forced: Override | undefined,
): ReadonlyArray<Kinds> => {
  const bare = { ...request, attachments: [] }
  const available = availableTo(bare, configured, takes)
  const preferred = preferredMode(settings, available, bare, forced)
  if (preferred === undefined) return []
  const reachable = modes.filter(
    (mode) => has(available, mode) && (mode === "direct_llm" || !preferred.neverRuntime),
  )
  const sets = new Map(reachable.flatMap(takes).map((kinds) => [kinds.join(), kinds]))
  return [...sets.values()]
}

const has = ({ direct, runtime }: Available, mode: ExecutionMode): boolean =>
  mode === "direct_llm" ? direct : runtime

/** Only the runtime can answer a turn with a pending interrupt; direct mode does not know the call that waits. */
const byInterrupt = (preferred: PreferredMode): PreferredMode => {
  const rule = { rule: "interrupt", result: "an interrupt waits for its answer", decided: true }
  const rules = [...preferred.rules.map((r) => ({ ...r, decided: false })), rule]
  return { ...preferred, mode: "runtime_orchestrator", reason: "interrupt", rules }
}

/** The mode that the turn should start in, before the breaker is asked; undefined when no mode may take it. */
export const preferredMode = (
  settings: RolloutSettings,
  available: Available,
  request: Request,
  forced: Override | undefined,
): PreferredMode | undefined => {
  const preferred = byRules(settings, request, forced)
  if (request.awaitsAnswer)
    return preferred.neverRuntime || !available.runtime ? undefined : byInterrupt(preferred)
  if (has(available, preferred.mode)) return preferred
  const mode = preferred.mode === "direct_llm" ? "runtime_orchestrator" : "direct_llm"
  if (preferred.neverRuntime || !has(available, mode)) return undefined
  const [reason, result] = available.refusing?.includes(preferred.mode)
    ? ["attachments", `${preferred.mode} does not take ${[...new Set(request.attachments)].join(", ")}`]
    : ["configured", `${preferred.mode} is not configured`]
  const rules = [
    ...preferred.rules.map((r) => ({ ...r, decided: false })),
    { rule: reason, result, decided: true },
  ]
  return { ...preferred, mode, reason, rules }
}

/** A mode that a person chose is not a sample of the users' turns. */
export const shadowPercent = ({ requested }: Request, { shadowPercentage }: RolloutSettings): number =>
  requested === undefined ? shadowPercentage : 0

const cohortIn = ({ cohort }: PreferredMode) => (cohort === undefined ? {} : { cohort })

export const direct = (preferred: PreferredMode): Decision => ({
  order: ["direct_llm"],
  reason: preferred.reason,
  probe: false,
  ...cohortIn(preferred),
  rules: preferred.rules,
})

/**
 * Without an admission the breaker was not asked. If direct mode has no target, the runtime stays in use whatever the
 * breaker answers.
 */
export const runtime = (
  preferred: PreferredMode,
  available: Available,
  admission: BreakerAnswer | undefined,
): Decision => {
  const asked = admission === undefined ? [] : [{ rule: "breaker", result: admission.reason, decided: false }]
  const cohort = cohortIn(preferred)
  if (admission?.allowed === "no" && available.direct) {
    const rules = [...preferred.rules, ...asked].map((rule) => ({
      ...rule,
      decided: rule.rule === "breaker",
    }))
    return { order: ["direct_llm"], reason: "breaker", probe: false, ...cohort, rules }
  }
  const probe = admission?.allowed === "probe"
  return {
    order: available.direct ? ["runtime_orchestrator", "direct_llm"] : ["runtime_orchestrator"],
    reason: probe ? "breaker_probe" : preferred.reason,
    probe,
    ...cohort,
    rules: [...preferred.rules, ...asked],
  }
}
