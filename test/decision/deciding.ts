/** Decisions for tests: each names only the fields that matter; the rest is a plain turn under the default settings. */
import * as ModeDecision from "../../src/decision/ModeDecision.ts"
import { sampled } from "../../src/decision/ShadowSample.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { Decision } from "../../src/domain/Decision.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import type { RolloutRule, RolloutSettings } from "../../src/domain/RolloutSettings.ts"
import { orgId, otherOrgId, sessionId } from "../support/fixtures.ts"
import { rolloutSettings } from "../support/memoryRollout.ts"

export const runtime = "runtime_orchestrator"
export const direct = "direct_llm"
const both = { runtime: true, direct: true }
export const yes: ModeDecision.BreakerAnswer = { allowed: "yes", reason: "closed" }
export const no: ModeDecision.BreakerAnswer = { allowed: "no", reason: "error rate 1 > 0.5 over 10 attempts" }
export const probe: ModeDecision.BreakerAnswer = { allowed: "probe", reason: "half-open" }

export interface Case {
  readonly settings?: Partial<RolloutSettings>
  readonly request?: Partial<ModeDecision.Request>
  readonly forced?: ModeDecision.Override
  readonly available?: ModeDecision.Available
  readonly takes?: ModeDecision.Takes
  readonly admission?: ModeDecision.BreakerAnswer
  /** In percent. */
  readonly sample?: number
}

const plain: ModeDecision.Request = {
  orgId,
  sessionId,
  agentId: defaultAgentId,
  needsTools: false,
  messageLength: 5,
  headers: {},
  language: undefined,
  cohort: null,
  awaitsAnswer: false,
  attachments: [],
}

/** As in `ModeService`: the preferred mode first; the breaker only for a turn that prefers the runtime. */
export const decide = ({
  admission = yes,
  available: configured = both,
  forced,
  request,
  sample = 50,
  takes = () => [],
  ...given
}: Case): Decision | undefined => {
  const settings = rolloutSettings(given.settings)
  const asked = { ...plain, ...request }
  const available = ModeDecision.availableTo(asked, configured, takes)
  const preferred = ModeDecision.preferredMode(settings, available, asked, forced)
  if (preferred === undefined) return undefined
  const decision =
    preferred.mode === direct
      ? ModeDecision.direct(preferred)
      : ModeDecision.runtime(preferred, available, preferred.asksBreaker ? admission : undefined)
  const share = { percent: ModeDecision.shadowPercent(asked, settings), samePercent: 0 }
  return sampled(decision, share, { ...available, neverRuntime: preferred.neverRuntime }, sample / 100)
}

export const toRuntime = { defaultMode: runtime } as const
export const listed = { enabledOrgs: [orgId] }
export const others = { enabledOrgs: [otherOrgId], deniedOrgs: [otherOrgId] }
export const denied = { deniedOrgs: [orgId] }
export const rule: RolloutRule = { name: "tools", when: { needsTools: true }, mode: runtime }
export const back: RolloutRule = { name: "short", when: { maxMessageLength: 5 }, mode: direct }
export const ordered = (mode: ExecutionMode): ModeDecision.Override => ({
  mode,
  reason: "the night of the move",
})
export const noDirect = { runtime: true, direct: false }
export const noRuntime = { runtime: false, direct: true }
