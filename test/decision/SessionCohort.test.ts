import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type * as ModeDecision from "../../src/decision/ModeDecision.ts"
import { SessionId } from "../../src/domain/Ids.ts"
import { back, type Case, decide, denied, listed, no, ordered, runtime } from "./deciding.ts"

describe("the cohort of a session", () => {
  it("is in the decision only if the percentage rule was evaluated, and is not assigned at 0 %", () => {
    const cohortIn = (given: Case) => decide(given)?.cohort
    assert.strictEqual(cohortIn({ settings: { percentage: 100 } }), "treatment")
    assert.strictEqual(cohortIn({ settings: { percentage: 100 }, admission: no }), "treatment")
    assert.strictEqual(cohortIn({ request: { cohort: "outside" } }), "outside")
    for (const given of [
      {},
      { settings: { ...listed, percentage: 100 } },
      { settings: { ...denied, percentage: 100 }, request: { cohort: "treatment" as const } },
      { settings: { rules: [back], percentage: 100 } },
      { settings: { percentage: 100 }, forced: ordered(runtime) },
    ]) {
      assert.notProperty(decide(given), "cohort")
    }
  })

  it.prop(
    "once given is kept over any sequence of percentages, and with it the mode",
    {
      session: Schema.Int,
      percentages: Schema.NonEmptyArray(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }))),
    },
    ({ percentages, session }) => {
      let cohort: ModeDecision.Request["cohort"] = null
      const modes = new Set<string | undefined>()
      for (const percentage of percentages) {
        const request = { sessionId: SessionId.make(`01890000-0000-7000-8000-${hex(session)}`), cohort }
        const decision = decide({ settings: { percentage }, request })
        cohort = decision?.cohort ?? cohort
        if (cohort !== null) modes.add(`${cohort} ${decision?.order[0]}`)
      }
      assert.isAtMost(modes.size, 1)
      assert.strictEqual(
        cohort === null,
        percentages.every((percentage) => percentage === 0),
      )
    },
    { arbitrary: { runs: 500 } },
  )
})

const hex = (n: number): string => Math.abs(n).toString(16).slice(-12).padStart(12, "0")
