import { describe, expect, it } from "vitest"
import { OrgId } from "../../src/domain/Ids.ts"
import type { RolloutSettings } from "../../src/domain/RolloutSettings.ts"
import { addedOrgs, changeOf } from "../../src/cli/Assignments.ts"

const acme = OrgId.make("acme")
const now: RolloutSettings = {
  defaultMode: "direct_llm",
  percentage: 5,
  enabledOrgs: [acme],
  deniedOrgs: [],
  rules: [],
  shadowPercentage: 0,
  thresholds: { errorRate: 0.5, timeoutRate: 0.3, latencyRatio: 0.8, minSamples: 10 },
}

const change = (...texts: ReadonlyArray<string>) => changeOf(texts, now)

describe("assignments", () => {
  it("set numbers, lists, modes and rules", () => {
    expect(change("percentage=2.5", "shadowPercentage=10%")).toEqual({
      percentage: 2.5,
      shadowPercentage: 10,
    })
    expect(change("enabledOrgs=a,b")).toEqual({ enabledOrgs: ["a", "b"] })
    expect(change("enabledOrgs=")).toEqual({ enabledOrgs: [] })
    expect(change("defaultMode=runtime")).toEqual({ defaultMode: "runtime_orchestrator" })
    expect(change("defaultMode=direct_llm")).toEqual({ defaultMode: "direct_llm" })
    expect(change('rules=[{"name":"a=b"}]')).toEqual({ rules: [{ name: "a=b" }] })
  })

  it("give a setting back with null", () => {
    expect(change("percentage=null", "thresholds=null", "rules=null")).toEqual({
      percentage: null,
      thresholds: null,
      rules: null,
    })
  })

  it("add to a list and take from it", () => {
    expect(change("enabledOrgs+=globex,acme")).toEqual({ enabledOrgs: ["acme", "globex"] })
    expect(change("enabledOrgs-=acme")).toEqual({ enabledOrgs: [] })
    expect(change("enabledOrgs-=acm")).toMatchObject({
      message: expect.stringContaining("Did you mean acme?"),
    })
  })

  it("change single thresholds and keep the others", () => {
    expect(change("thresholds.errorRate=0.4", "thresholds.minSamples=20")).toEqual({
      thresholds: { errorRate: 0.4, timeoutRate: 0.3, latencyRatio: 0.8, minSamples: 20 },
    })
  })

  it.each([
    ["percentage", "expected setting=value"],
    ["=5", "expected setting=value"],
    ["percentage=", "percentage: expected a number"],
    ["percentage=x", "percentage: expected a number"],
    ["percentage+=5", "only lists take += and -="],
    ["rules={", "rules: expected JSON"],
    ["percentge=5", "Did you mean percentage?"],
    ["thresholds.errorrate=1", "Did you mean thresholds.errorRate?"],
  ])("refuse %s", (text, message) => {
    expect(change(text)).toMatchObject({ _tag: "UsageError", message: expect.stringContaining(message) })
  })

  it("name the organisations that a change adds", () => {
    const globex = OrgId.make("globex")
    expect(addedOrgs({ enabledOrgs: [acme, globex], deniedOrgs: [acme] }, now)).toEqual([globex, acme])
    expect(addedOrgs({ enabledOrgs: null }, now)).toEqual([])
  })
})
