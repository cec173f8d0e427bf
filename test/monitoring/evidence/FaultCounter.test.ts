import { assert, describe, it } from "@effect/vitest"
import * as HashMap from "effect/HashMap"
import * as FaultCounter from "../../../src/monitoring/evidence/FaultCounter.ts"
import { defaultPolicy } from "../../../src/monitoring/Policy.ts"
import { org, start } from "../schedules.ts"

const make = () => FaultCounter.make(12, 3)

/** Faults of so many organisations in turn, one each `gapMs`. */
const faults = (count: number, orgs: number, gapMs: number, counter = make()) => {
  let next = counter
  for (let n = 0; n < count; n++) {
    next = FaultCounter.fault(next, defaultPolicy, org(n % orgs), 1, start + n * gapMs)
  }
  return next
}

describe("FaultCounter", () => {
  it("is over its limit when the evidence lasts for 5 s and is news", () => {
    assert.isTrue(FaultCounter.isOver(faults(12, 12, 500), defaultPolicy, start + 5500))
    assert.isFalse(FaultCounter.isOver(faults(11, 12, 500), defaultPolicy, start + 5000))
    assert.isFalse(FaultCounter.isOver(faults(12, 12, 400), defaultPolicy, start + 4400), "a blip of 4.4 s")
    assert.isTrue(FaultCounter.isOver(faults(12, 12, 500), defaultPolicy, start + 6500))
    assert.isFalse(
      FaultCounter.isOver(faults(12, 12, 500), defaultPolicy, start + 6501),
      "the last fault was over a second ago",
    )
  })

  it("one organisation adds at most a quarter, so it takes four to go over the limit", () => {
    assert.strictEqual(faults(100, 1, 100).value, 3)
    assert.strictEqual(faults(100, 3, 100).value, 9)
    assert.isTrue(FaultCounter.isOver(faults(100, 4, 100), defaultPolicy, start + 9900))
  })

  it("a synthetic probe belongs to no organisation, and is not bounded", () => {
    let counter = make()
    for (let n = 0; n < 6; n++)
      counter = FaultCounter.fault(counter, defaultPolicy, undefined, 2, start + n * 1000)
    assert.isTrue(FaultCounter.isOver(counter, defaultPolicy, start + 5000))
  })

  it("good attempts lower it, and 0 clears it", () => {
    let counter = faults(4, 1, 100)
    counter = FaultCounter.good(counter, org(5), 1, start + 1000)
    assert.strictEqual(counter.value, 2)
    assert.deepStrictEqual(
      HashMap.toEntries(counter.byOrg),
      [[org(0), 3]],
      "who has added nothing takes no room",
    )
    counter = FaultCounter.good(counter, org(5), 5, start + 1000)
    assert.deepInclude(counter, { value: 0, since: undefined })
    assert.strictEqual(faults(100, 1, 100, counter).value, 3, "the organisation may add its quarter anew")
  })

  it("an attempt that began before the fault does not lower it", () => {
    let counter = faults(4, 4, 100)
    counter = FaultCounter.good(counter, org(5), 1, start - 1)
    assert.strictEqual(counter.value, 4)
  })

  it("withdraws the amount that one organisation has added", () => {
    let counter = faults(8, 2, 100)
    counter = FaultCounter.withdraw(counter, org(0))
    assert.strictEqual(counter.value, 3)
    counter = FaultCounter.withdraw(counter, org(7))
    assert.strictEqual(counter.value, 3)
  })

  it("stops a little above its limit", () => {
    assert.strictEqual(faults(1000, 100, 10).value, 17)
  })
})
