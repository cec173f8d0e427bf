/**
 * Decides which modes a turn may use, and why. Pure: the settings, the turn, the operator override and the breaker's
 * answer go in; a `Decision` with every evaluated rule is the result.
 *
 * The rules in order: operator override, denied organisations, the caller's request, enabled organisations, rules by request,
 * percentage, default mode, pending interrupt, configured modes, breaker. A turn that was not given to the runtime is never sent
 * there, even if direct mode fails.
 */
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
}

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

/** The modes for one turn. A turn with a pending interrupt has no direct mode, neither as a fallback nor as a shadow. */
export const availableTo = ({ awaitsAnswer }: Request, configured: Available): Available =>
  awaitsAnswer ? { ...configured, direct: false } : configured

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
  const has = (mode: ExecutionMode) => (mode === "direct_llm" ? available.direct : available.runtime)
  if (has(preferred.mode)) return preferred
  const mode = preferred.mode === "direct_llm" ? "runtime_orchestrator" : "direct_llm"
  if (preferred.neverRuntime || !has(mode)) return undefined
  const rule = { rule: "configured", result: `${preferred.mode} is not configured`, decided: true }
  const rules = [...preferred.rules.map((r) => ({ ...r, decided: false })), rule]
  return { ...preferred, mode, reason: "configured", rules }
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
