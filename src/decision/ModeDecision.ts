/**
 * Which modes a turn may use, and why. Pure: the settings, what the breaker said and one random number come in, a
 * `Decision` with every rule that was looked at goes out.
 *
 * Order of the rules: the organisations that have the runtime, the default mode, what is configured at all, the
 * breaker. A turn that was not given to the runtime is never sent there, also not when direct mode fails.
 */
import type { Decision } from "../domain/Decision.ts"
import type { ExecutionMode } from "../domain/Mode.ts"

export interface Rollout {
  readonly defaultMode: ExecutionMode
  readonly enabledOrgs: ReadonlySet<string>
  /** 0 to 100: share of direct turns that also run on the runtime, unseen. */
  readonly shadowPercent: number
}

/** Which modes have a target at all. */
export interface Available {
  readonly runtime: boolean
  readonly direct: boolean
}

/** The breaker's word on the runtime, asked only for a turn that wants it. */
export interface Admission {
  readonly allowed: "yes" | "no" | "probe"
  readonly reason: string
}

interface Rule {
  readonly rule: string
  readonly result: string
  readonly decided: boolean
}

export interface Wish {
  readonly mode: ExecutionMode
  readonly reason: string
  readonly rules: ReadonlyArray<Rule>
}

const listed = (rollout: Rollout, orgId: string): Rule => {
  const decided = rollout.enabledOrgs.has(orgId)
  if (rollout.enabledOrgs.size === 0)
    return { rule: "enabled_orgs", result: "no organisation is listed", decided }
  return {
    rule: "enabled_orgs",
    result: decided ? "the organisation is listed" : "the organisation is not listed",
    decided,
  }
}

const byRules = (rollout: Rollout, orgId: string): Wish => {
  const org = listed(rollout, orgId)
  if (org.decided) return { mode: "runtime_orchestrator", reason: "enabled_orgs", rules: [org] }
  const fallthrough = { rule: "default_mode", result: rollout.defaultMode, decided: true }
  return { mode: rollout.defaultMode, reason: "default_mode", rules: [org, fallthrough] }
}

/** The mode that the turn should start in, before the breaker is asked; undefined when no mode has a target. */
export const wish = (rollout: Rollout, available: Available, orgId: string): Wish | undefined => {
  if (!available.runtime && !available.direct) return undefined
  const wished = byRules(rollout, orgId)
  const has = wished.mode === "runtime_orchestrator" ? available.runtime : available.direct
  if (has) return wished
  const mode = available.runtime ? "runtime_orchestrator" : "direct_llm"
  const rule = { rule: "configured", result: `${wished.mode} is not configured`, decided: true }
  return { mode, reason: "configured", rules: [...wished.rules.map((r) => ({ ...r, decided: false })), rule] }
}

/** `sample` is uniform in [0, 100). */
const shadowOf = (rollout: Rollout, available: Available, sample: number) =>
  available.runtime && sample < rollout.shadowPercent ? { shadow: "runtime_orchestrator" as const } : {}

export const direct = (wished: Wish, rollout: Rollout, available: Available, sample: number): Decision => ({
  order: ["direct_llm"],
  reason: wished.reason,
  probe: false,
  rules: wished.rules,
  ...shadowOf(rollout, available, sample),
})

/** With the breaker's word. With nowhere to flee to, the runtime stays in use whatever the breaker says. */
export const runtime = (wished: Wish, available: Available, admission: Admission): Decision => {
  const closed = admission.allowed !== "no"
  const rule = { rule: "breaker", result: admission.reason, decided: !closed && available.direct }
  const rules = [...wished.rules.map((r) => ({ ...r, decided: r.decided && !rule.decided })), rule]
  if (rule.decided) return { order: ["direct_llm"], reason: "breaker", probe: false, rules }
  return {
    order: available.direct ? ["runtime_orchestrator", "direct_llm"] : ["runtime_orchestrator"],
    reason: admission.allowed === "probe" ? "breaker_probe" : wished.reason,
    probe: admission.allowed === "probe",
    rules,
  }
}
