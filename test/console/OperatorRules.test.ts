/** The pure rules behind the operators' views. */
import { describe, expect, it } from "vitest"
import { csvOf, changesOf, filtered } from "../../src/console/audit/AuditRows.ts"
import { effectsOf, linesOf } from "../../src/console/rollout/Changes.ts"
import { overruled } from "../../src/console/rollout/Overruled.ts"
import { defaultPlanDraft, planOf, planProblems } from "../../src/console/rollout/PlanDraft.ts"
import { problemsOf } from "../../src/console/rollout/Problems.ts"
import { axisOf, commandsOf } from "../../src/console/rollout/Progress.ts"
import {
  type Document,
  draftOf,
  emptyRule,
  patchOf,
  rebased,
  type Settings,
} from "../../src/console/rollout/RolloutDraft.ts"
import { wordDiff } from "../../src/console/shadow/WordDiff.ts"
import type { AuditEntry, AuditId } from "../../src/domain/AuditEntry.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"

const own = { from: "operator", by: { orgId: "ops", userId: "olga", requestId: null }, at: 1 } as const
const values: Settings = {
  defaultMode: "direct_llm",
  percentage: 5,
  enabledOrgs: ["acme"],
  deniedOrgs: [],
  rules: [{ name: "german", mode: "runtime_orchestrator", when: { languages: ["de"] }, enabled: true }],
  shadowPercentage: 0,
  thresholds: { errorRate: 0.5, timeoutRate: 0.3, latencyRatio: 0.8, minSamples: 10 },
}
const base: Document = {
  ...values,
  environment: { ...values, percentage: 0 },
  version: 3,
  sources: {
    defaultMode: { from: "default" },
    percentage: own,
    enabledOrgs: own,
    deniedOrgs: { from: "default" },
    rules: own,
    shadowPercentage: { from: "environment" },
    thresholds: { from: "default" },
  },
}
const draft = draftOf(base)

describe("the draft of the rollout settings", () => {
  it("changes nothing while nothing is typed", () => {
    expect(patchOf(base, draft)).toEqual({})
    expect(problemsOf(draft)).toEqual([])
  })

  it("sends only the changed fields, and null for a field that returns", () => {
    const changed = { ...draft, percentage: "7,5", returned: ["rules", "deniedOrgs"] as const }
    expect(patchOf(base, changed)).toEqual({ percentage: 7.5, rules: null })
  })

  it("keeps own fields and takes the others from another operator's state", () => {
    const theirs = { ...base, percentage: 50, shadowPercentage: 9 }
    const mine = rebased(base, { ...draft, percentage: "7" }, theirs)
    expect([mine.percentage, mine.shadowPercentage]).toEqual(["7", "9"])
  })

  it("shows the value of the environment to which a field returns", () => {
    const lines = linesOf(base, { ...draft, returned: ["percentage"] })
    expect(lines).toEqual([
      { field: "percentage", key: "returns" },
      { field: "percentage", key: "percentChange", parameters: { before: 5, after: 0 } },
    ])
  })

  it("warns that a lower percentage moves only new sessions", () => {
    expect(effectsOf(base, { ...draft, percentage: "0" })).toEqual(["effectLower"])
    expect(effectsOf(base, { ...draft, percentage: "9" })).toEqual(["effectRaise"])
  })

  it("names added, changed and removed rules", () => {
    const [german] = draft.rules
    const rules = [{ ...emptyRule(9), name: "tools", needsTools: "yes" as const }]
    const keys = (next: typeof draft.rules) => linesOf(base, { ...draft, rules: next }).map(({ key }) => key)
    expect(keys(rules)).toEqual(["ruleAdded", "ruleRemoved"])
    expect(keys([{ ...german!, languages: "fr" }])).toEqual(["ruleChanged"])
  })
})

describe("the problems of a draft", () => {
  const paths = (change: Partial<typeof draft>) => problemsOf({ ...draft, ...change }).map(({ path }) => path)

  it("are at the paths of the API", () => {
    expect(paths({ percentage: "" })).toEqual(["percentage"])
    expect(paths({ percentage: "-1", returned: ["percentage"] })).toEqual([])
    expect(paths({ enabledOrgs: "acme\nacme" })).toEqual(["enabledOrgs"])
    expect(paths({ thresholds: { ...draft.thresholds, minSamples: "1.5" } })).toEqual([
      "thresholds.minSamples",
    ])
    const rule = { ...emptyRule(0), name: "german", minMessageLength: "9", maxMessageLength: "3" }
    expect(paths({ rules: [...draft.rules, rule, { ...emptyRule(1), name: "x" }] })).toEqual([
      "rules.1.name",
      "rules.1.when.maxMessageLength",
      "rules.2.when",
    ])
  })
})

describe("the parts that decide before the settings", () => {
  const scope = { state: "open", reason: "errors", since: 0, nextProbeAt: null, share: 0.25, forced: null }
  const live = { breaker: scope, orgs: [], directConfigured: true }
  type Live = Parameters<typeof overruled>[1]

  it("are the breaker with its share, or nothing without a direct provider", () => {
    expect(overruled(base, live as unknown as Live, null)).toMatchObject([
      { key: "breakerAll", parameters: { share: 25 } },
    ])
    const alone = { ...live, directConfigured: false } as unknown as Live
    expect(overruled(base, alone, null).map(({ key }) => key)).toEqual(["noDirect"])
  })
})

describe("a plan", () => {
  it("is the default plan while nothing is typed", () => {
    expect(planProblems(defaultPlanDraft())).toEqual([])
    expect(planOf(defaultPlanDraft())).toEqual(defaultAutopilotPlan)
  })

  it("refuses steps that do not rise, a high first step and unknown durations", () => {
    const steps = [
      { percentage: "60", hold: "1h" },
      { percentage: "60", hold: "soon" },
    ]
    expect(planProblems({ ...defaultPlanDraft(), steps }).map(({ path }) => path)).toEqual([
      "steps.0.percentage",
      "steps.1.percentage",
      "steps.1.holdMs",
    ])
  })
})

describe("the progress of a plan", () => {
  const view = { status: "running", setbacks: 0, plan: { retries: 2 } }
  type View = Parameters<typeof commandsOf>[0]
  const of = (change: object) => commandsOf({ ...view, ...change } as unknown as View)

  it("offers the commands that the gateway takes", () => {
    expect(of({})).toEqual(["pause", "abort"])
    expect(of({ status: "paused" })).toEqual(["resume", "abort"])
    expect(of({ status: "awaiting_approval" })).toEqual(["promote", "pause", "abort"])
    expect(of({ status: "holding", setbacks: 3 })).toEqual(["resume", "pause", "abort"])
    expect(of({ status: "completed" })).toEqual([])
  })

  it("draws zero, margin and bounds within the axis", () => {
    const guardrail = { harm: 0.01, lower: null, upper: 0.05, margin: 0.02 }
    const [low, high] = axisOf(guardrail as unknown as Parameters<typeof axisOf>[0])
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(0.05)
  })
})

describe("the difference of two texts", () => {
  const marked = (pieces: ReturnType<typeof wordDiff>["left"]) =>
    pieces.filter(({ shared }) => !shared).map(({ text }) => text.trim())

  it("marks the words of one side and keeps every character", () => {
    const [a, b] = ["it opens at nine,  and closes", "it opens late and closes at six"]
    const diff = wordDiff(a, b)
    expect(diff.left.map(({ text }) => text).join("")).toBe(a)
    expect(diff.right.map(({ text }) => text).join("")).toBe(b)
    expect(marked(diff.left)).toEqual(["at nine,"])
    expect(marked(diff.right)).toEqual(["late", "at six"])
  })

  it("compares Chinese by characters, and bounds its work", () => {
    expect(marked(wordDiff("开放时间九点", "开放时间十点").right)).toEqual(["十"])
    const long = wordDiff("word ".repeat(100_000), "word")
    expect(long.cut).toBe(true)
    expect(long.left.map(({ text }) => text).join("")).toHaveLength(500_000)
  })
})

describe("the audit", () => {
  const entry: AuditEntry = {
    id: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" as AuditId,
    at: 0,
    by: { orgId: null, userId: "autopilot", requestId: null },
    action: "rollout.change",
    reason: '=HYPERLINK("x")',
    before: { percentage: 5, same: 1 },
    after: { percentage: 10, same: 1, added: ["x"] },
  }

  it("shows the fields that differ", () => {
    expect(changesOf(entry)).toEqual([
      { field: "percentage", before: "5", after: "10" },
      { field: "added", before: undefined, after: '["x"]' },
    ])
    expect(changesOf({ before: null, after: "gone" })).toEqual([{ field: "", before: "null", after: "gone" }])
  })

  it("filters by words, action and person", () => {
    const all = { text: "", action: "", person: "" }
    expect(filtered([entry], all)).toHaveLength(1)
    expect(filtered([entry], { ...all, text: "AUTOPILOT" })).toHaveLength(1)
    expect(filtered([entry], { ...all, action: "key.create" })).toHaveLength(0)
    expect(filtered([entry], { ...all, person: "olga (ops)" })).toHaveLength(0)
  })

  it("exports no formula to a spreadsheet, and quotes its cells", () => {
    expect(csvOf([entry])).toContain('"\'=HYPERLINK(""x"")"')
  })
})
