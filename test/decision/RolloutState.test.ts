import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as RolloutState from "../../src/decision/RolloutState.ts"
import { OperatorSettings, RolloutPatch } from "../../src/domain/RolloutSettings.ts"
import { orgId, otherOrgId } from "../support/fixtures.ts"
import { rolloutDefaults, rolloutSettings } from "../support/memoryRollout.ts"

const olga = { orgId, userId: "olga", requestId: "r1" }
const otto = { orgId, userId: "otto", requestId: "r2" }
const defaults = rolloutDefaults({ percentage: 5 })

const after = (...patches: ReadonlyArray<RolloutPatch>) =>
  patches.reduce<OperatorSettings>((held, patch) => RolloutState.patched(held, patch, olga, 1), {})

const Json = Schema.fromJsonString(OperatorSettings)

const state = (operator: OperatorSettings, version = 1) =>
  RolloutState.stateOf(defaults, { version, operator })

describe("the rollout settings in effect", () => {
  it("put operator values over the process's settings, and name the source of each field", () => {
    const { settings, sources } = state(after({ percentage: 20, deniedOrgs: [otherOrgId] }))
    assert.deepStrictEqual(settings, rolloutSettings({ percentage: 20, deniedOrgs: [otherOrgId] }))
    assert.deepStrictEqual(sources.percentage, { from: "operator", by: olga, at: 1 })
    assert.deepStrictEqual(sources.deniedOrgs, { from: "operator", by: olga, at: 1 })
    assert.deepStrictEqual(sources.rules, { from: "default" })
    assert.deepStrictEqual(state({}).sources.percentage, { from: "environment" })
  })

  it("keep an operator value that is zero, empty or equal to the environment's", () => {
    const { settings, sources } = state(after({ percentage: 0, enabledOrgs: [], shadowPercentage: 0 }))
    assert.strictEqual(settings.percentage, 0)
    for (const field of ["percentage", "enabledOrgs", "shadowPercentage"] as const)
      assert.strictEqual(sources[field].from, "operator")
  })

  it("return a field to the environment on null", () => {
    const operator = after({ percentage: 20, defaultMode: "runtime_orchestrator" }, { percentage: null })
    assert.deepStrictEqual(Object.keys(operator), ["defaultMode"])
    assert.strictEqual(state(operator).settings.percentage, 5)
  })

  it("keep value and actor of a field missing from the patch", () => {
    const first = RolloutState.patched({}, { percentage: 20 }, olga, 1)
    const { sources } = state(RolloutState.patched(first, { defaultMode: "runtime_orchestrator" }, otto, 2))
    assert.deepStrictEqual(sources.percentage, { from: "operator", by: olga, at: 1 })
    assert.deepStrictEqual(sources.defaultMode, { from: "operator", by: otto, at: 2 })
  })

  it("list only the changed fields in the difference", () => {
    const before = rolloutSettings({ percentage: 5 })
    const now = rolloutSettings({ percentage: 10, rules: [] })
    assert.deepStrictEqual<unknown>(RolloutState.difference(before, now), {
      before: { percentage: 5 },
      after: { percentage: 10 },
    })
  })

  it("change the validator with the version, a value, its actor, and the environment", () => {
    const operator = after({ percentage: 20 })
    const tags = [
      state(operator),
      state(operator, 2),
      state(after({ percentage: 21 })),
      state(RolloutState.patched({}, { percentage: 20 }, otto, 1)),
      RolloutState.stateOf(rolloutDefaults({ percentage: 5, defaultMode: "runtime_orchestrator" }), {
        version: 1,
        operator,
      }),
    ].map(({ etag }) => etag)
    assert.strictEqual(new Set(tags).size, tags.length)
    for (const tag of tags) assert.match(tag, /^"[0-9a-f-]+"$/)
    assert.strictEqual(state(operator).etag, tags[0])
  })

  it.each([
    ['"1-a"', true],
    ["*", true],
    ['"0-b", "1-a"', true],
    ['W/"1-a"', false],
    ["1-a", false],
    ['"1-A"', false],
    ["", false],
  ])("If-Match %s names it: %s", (ifMatch, expected) => {
    assert.strictEqual(RolloutState.matches(ifMatch, '"1-a"'), expected)
  })

  it.prop(
    "keep the validator when operator values are stored and read again",
    [Schema.Array(RolloutPatch)],
    ([patches]) => {
      const operator = after(...patches)
      const read = (json: string) => Schema.decodeSync(Json)(json)
      const write = (held: OperatorSettings) => Schema.encodeSync(Json)(held)
      const again = read(write(operator))
      // Only -0, which JSON cannot represent, may change.
      assert.strictEqual(write(again), write(operator))
      assert.strictEqual(state(again).etag, state(read(write(again))).etag)
    },
  )
})
