import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { placeOf } from "../../src/domain/Bucket.ts"
import { cohortOf } from "../../src/domain/Cohort.ts"

const place = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.999_999 }))
const share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

describe("cohorts", () => {
  it("are within 1 % of the requested share at 100 000 sessions, and the control is as large if there is room", () => {
    const places = Array.from({ length: 100_000 }, (_, n) => placeOf("rollout", `session-${n}`))
    for (const percent of [1, 5, 10, 25, 50, 75, 99, 100]) {
      const count = { treatment: 0, control: 0, outside: 0 }
      for (const place of places) count[cohortOf(place, percent / 100)] += 1
      const control = Math.min(percent, 100 - percent)
      assert.approximately(count.treatment / 1000, percent, 1, `treatment at ${percent} %`)
      assert.approximately(count.control / 1000, control, 1, `control at ${percent} %`)
      assert.approximately(count.outside / 1000, 100 - percent - control, 1, `outside at ${percent} %`)
    }
  })

  it("treat no session at 0, every session at 1, and part of them at a half", () => {
    for (const place of [0, 0.25, 0.5, 0.75, 0.999_999_999]) {
      assert.strictEqual(cohortOf(place, 0), "outside")
      assert.strictEqual(cohortOf(place, 1), "treatment")
      assert.strictEqual(cohortOf(place, 0.5), place < 0.5 ? "treatment" : "control")
    }
  })

  it.prop("keep a treated session treated at every larger share", [place, share, share], ([at, a, b]) => {
    if (cohortOf(at, Math.min(a, b)) === "treatment") {
      assert.strictEqual(cohortOf(at, Math.max(a, b)), "treatment")
    }
  })
})
