import { assert, describe, it } from "@effect/vitest"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { evaluate, type Request } from "../../src/decision/RequestRules.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId } from "../../src/domain/Ids.ts"
import { RolloutPatch, RolloutRule } from "../../src/domain/RolloutSettings.ts"
import { orgId, sessionId } from "../support/fixtures.ts"

const request: Request = {
  orgId,
  sessionId,
  agentId: defaultAgentId,
  needsTools: true,
  messageLength: 100,
  headers: { "x-plan": "Gold", "x-empty": "" },
  language: "de",
  cohort: null,
  awaitsAnswer: false,
  attachments: [],
}

const other = AgentId.make("00000000-0000-4000-8000-00000000000f")

const read = (when: unknown, fields: object = {}): RolloutRule =>
  Schema.decodeUnknownSync(RolloutRule)({ name: "r", when, mode: "runtime_orchestrator", ...fields })

describe("a rule by request", () => {
  it.each([
    [{ agentIds: [defaultAgentId] }, "runtime_orchestrator"],
    [{ agentIds: [other] }, "agentIds does not hold"],
    [{ agentIds: [other, defaultAgentId.toUpperCase()] }, "runtime_orchestrator"],
    [{ needsTools: true }, "runtime_orchestrator"],
    [{ needsTools: false }, "needsTools does not hold"],
    [{ minMessageLength: 100 }, "runtime_orchestrator"],
    [{ minMessageLength: 101 }, "minMessageLength does not hold"],
    [{ maxMessageLength: 100 }, "runtime_orchestrator"],
    [{ maxMessageLength: 99 }, "maxMessageLength does not hold"],
    [{ header: { name: "X-Plan", value: "Gold" } }, "runtime_orchestrator"],
    [{ header: { name: "x-plan", value: "gold" } }, "header does not hold"],
    [{ header: { name: "x-empty", value: "" } }, "runtime_orchestrator"],
    [{ header: { name: "x-absent", value: "" } }, "header does not hold"],
    [{ languages: ["en", "DE"] }, "runtime_orchestrator"],
    [{ languages: ["en"] }, "languages does not hold"],
    [{ needsTools: true, languages: ["de"], minMessageLength: 1 }, "runtime_orchestrator"],
    [{ needsTools: true, languages: ["fr"], minMessageLength: 1 }, "languages does not hold"],
  ])("%j: %s", (when, result) => {
    assert.deepStrictEqual(evaluate(read(when), request), {
      matches: result === "runtime_orchestrator",
      result,
    })
  })

  it("is skipped while it is disabled", () => {
    const off = evaluate(read({ needsTools: true }, { enabled: false }), request)
    assert.deepStrictEqual(off, { matches: false, result: "switched off" })
    assert.isTrue(evaluate(read({ needsTools: true }, { enabled: true }), request).matches)
  })

  it("with a language does not match a request without one", () => {
    assert.isFalse(evaluate(read({ languages: ["de"] }), { ...request, language: undefined }).matches)
  })
})

const problems = (patch: unknown): ReadonlyArray<string> => {
  const exit = Schema.decodeUnknownExit(RolloutPatch)(patch, { errors: "all", onExcessProperty: "error" })
  if (Exit.isSuccess(exit)) return []
  const error = Exit.findErrorOption(exit)
  if (error._tag === "None") throw new Error("a defect")
  return SchemaIssue.makeFormatterStandardSchemaV1()(error.value.issue).issues.map(
    ({ message, path }) => `${(path ?? []).map(String).join(".")}: ${message}`,
  )
}

const rule = (when: unknown, name = "r") => ({ name, when, mode: "direct_llm" })

describe("rollout input validation", () => {
  it.each([
    [{}, []],
    [
      { percentage: 2.5, rules: [rule({ needsTools: true })], enabledOrgs: ["a", "b"], deniedOrgs: ["a"] },
      [],
    ],
    [{ percentage: null, rules: null, thresholds: null, defaultMode: null }, []],
    [{ percentage: 101 }, ["percentage: Expected"]],
    [{ percent: 5 }, ["percent: Expected no excess"]],
    [{ defaultMode: "runtime" }, ["defaultMode: Expected"]],
    [{ enabledOrgs: ["a", "a"] }, ["enabledOrgs: Expected"]],
    [
      { thresholds: { errorRate: 0.5 } },
      ["thresholds.timeoutRate", "thresholds.latencyRatio", "thresholds.minSamples"],
    ],
    [{ rules: [rule({})] }, ["rules.0.when: Expected at least one condition"]],
    [{ rules: [rule({ needsTool: true })] }, ["rules.0.when.needsTool: Expected no excess"]],
    [
      {
        rules: [
          rule({ needsTools: true }, "a"),
          rule({ needsTools: false }, "b"),
          rule({ needsTools: true }, "a"),
        ],
      },
      ["rules.2.name: Expected a name that no rule before has"],
    ],
    [
      { rules: [rule({ minMessageLength: 5, maxMessageLength: 4 })] },
      ["rules.0.when.maxMessageLength: Expected at least minMessageLength"],
    ],
    [
      { rules: [rule({ header: { name: "Authorization", value: "x" } })] },
      ["rules.0.when.header.name: Expected"],
    ],
    [{ rules: [rule({ header: { name: "cookie", value: "x" } })] }, ["rules.0.when.header.name: Expected"]],
    [{ rules: [rule({ languages: ["de-AT"] })] }, ["rules.0.when.languages.0: Expected the primary"]],
    [{ rules: [rule({ agentIds: [] })] }, ["rules.0.when.agentIds"]],
    [
      { rules: Array.from({ length: 51 }, (_, n) => rule({ needsTools: true }, `r${n}`)) },
      ["rules: Expected"],
    ],
    [
      { percentage: -1, shadowPercentage: "5", deniedOrgs: [""] },
      ["percentage: Expected", "deniedOrgs.0: Expected", "shadowPercentage: Expected"],
    ],
  ])("%j", (patch, expected) => {
    const found = problems(patch)
    assert.lengthOf(found, expected.length, found.join("\n"))
    for (const [index, start] of expected.entries()) assert.include(found[index], start)
  })
})
