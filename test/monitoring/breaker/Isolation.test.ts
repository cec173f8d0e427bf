import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Isolation from "../../../src/monitoring/breaker/Isolation.ts"
import type { Tally } from "../../../src/monitoring/evidence/SlidingWindow.ts"
import * as Triggers from "../../../src/monitoring/breaker/Triggers.ts"
import { between, list, settings } from "../schedules.ts"
import { defaultPolicy } from "../../../src/monitoring/Policy.ts"

const add = (tallies: ReadonlyArray<Tally>): Tally => ({
  total: tallies.reduce((sum, tally) => sum + tally.total, 0),
  error: tallies.reduce((sum, tally) => sum + tally.error, 0),
  timeout: tallies.reduce((sum, tally) => sum + tally.timeout, 0),
  latencyMs: tallies.reduce((sum, tally) => sum + tally.latencyMs, 0),
})

const common = (tallies: ReadonlyArray<Tally>) =>
  Isolation.commonFault(add(tallies), () => tallies, settings)?.trigger

const healthy: Tally = { total: 20, error: 1, timeout: 1, latencyMs: 40_000 }
const failing: Tally = { total: 20, error: 19, timeout: 0, latencyMs: 40_000 }

const anyTally = Schema.Struct({
  success: between(0, 30),
  error: between(0, 30),
  timeout: between(0, 30),
  slow: Schema.Boolean,
})
const tallyOf = ({ error, slow, success, timeout }: typeof anyTally.Type): Tally => {
  const total = success + error + timeout
  return { total, error, timeout, latencyMs: total * (slow ? 290_000 : 2000) }
}

describe("Isolation", () => {
  it.prop(
    "fault 14: one organisation is never a common fault while the sum of the others is good",
    [anyTally, list(between(1, 50), 8)],
    ([bad, totals]) => {
      const others = totals.map((total) => ({ total, error: 0, timeout: 0, latencyMs: total * 2000 }))
      assert.isUndefined(common([tallyOf(bad), ...others]))
    },
  )

  it.prop(
    "a common fault is one that the sum shows without any single organisation",
    [list(anyTally, 6)],
    ([orgs]) => {
      const tallies = orgs.map(tallyOf)
      const found = common(tallies)
      const shown = Triggers.triggers.find((trigger) =>
        [-1, ...tallies.keys()].every((without) =>
          Triggers.check(trigger, add(tallies.filter((_, index) => index !== without)), settings),
        ),
      )
      if (shown !== undefined) assert.isDefined(found)
      if (found !== undefined) assert.isDefined(Triggers.check(found, add(tallies), settings))
    },
  )

  it("organisations that fail together are a common fault, also when each has too few samples of its own", () => {
    assert.strictEqual(common([failing, failing, failing]), "error_rate")
    const few: Tally = { total: 4, error: 4, timeout: 0, latencyMs: 400 }
    assert.strictEqual(common([few, few, few, few]), "error_rate")
    assert.isUndefined(common([few, few, few]))
  })

  it("finds a second trigger behind a first one that belongs to one organisation", () => {
    const errors: Tally = { total: 100, error: 100, timeout: 0, latencyMs: 0 }
    const timeouts: Tally = { total: 49, error: 0, timeout: 49, latencyMs: 0 }
    assert.strictEqual(common([errors, timeouts, timeouts]), "timeout_rate")
  })

  it("does not read the organisations while the sum is good", () => {
    const asked = () => {
      throw new Error("asked for")
    }
    assert.isUndefined(Isolation.commonFault(healthy, asked, settings))
  })

  it("the cause is shared when all have left, or more than three and more than a fifth of them", () => {
    const verdicts = [
      [1, 1, true],
      [1, 2, false],
      [2, 2, true],
      [3, 4, false],
      [4, 8, true],
      [4, 50, false],
      [10, 50, false],
      [11, 50, true],
    ] as const
    for (const [left, inWindow, verdict] of verdicts) {
      assert.deepStrictEqual(
        [left, inWindow, Isolation.isShared(defaultPolicy, left, inWindow)],
        [left, inWindow, verdict],
      )
    }
  })
})
