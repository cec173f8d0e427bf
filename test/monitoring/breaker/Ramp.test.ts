import { assert, describe, it } from "@effect/vitest"
import * as Breaker from "../../../src/monitoring/breaker/Breaker.ts"
import * as Ramp from "../../../src/monitoring/breaker/Ramp.ts"
import { defaultPolicy } from "../../../src/monitoring/Policy.ts"
import { start } from "../schedules.ts"

const opened = (level: number) => Breaker.open(defaultPolicy, 1, start, level, "faults") as Breaker.Open

/** Probes one a second from `from` on, as `good` says; gives when the ramp begins, in seconds. */
const secondsToRamp = (level: number, good: (second: number) => boolean): number => {
  let breaker: Breaker.Breaker = opened(level)
  for (let second = 0; second < 2000; second++) {
    if (breaker.state !== "open") return second - 1
    breaker = Ramp.probed(defaultPolicy, breaker, good(second), start + second * 1000).breaker
  }
  return Number.NaN
}

const ramp = (step: number): Breaker.Ramp => ({
  state: "ramp",
  epoch: 2,
  since: start,
  level: 0,
  reason: "faults",
  step,
  stepSince: start,
  good: 0,
  bad: 0,
})

const observe = (
  breaker: Breaker.Breaker,
  ...results: ReadonlyArray<"good" | "bad" | "bad_after_progress">
) =>
  results.reduce<Breaker.Breaker>(
    (found, result) =>
      found.state === "ramp" ? Ramp.observed(defaultPolicy, found, result, start + 1000).breaker : found,
    breaker,
  )

const advance = (breaker: Breaker.Breaker, ms: number) =>
  breaker.state === "ramp" ? Ramp.advance(defaultPolicy, breaker, start + ms) : { breaker }

describe("Ramp", () => {
  it("needs good probes for 6 s, three times as long after each trip in a row, at most 5 minutes", () => {
    const always = () => true
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 9].map((level) => secondsToRamp(level, always)),
      [6, 18, 54, 162, 300, 300],
    )
  })

  it("a bad probe undoes a short hold and ten seconds of a long one", () => {
    assert.strictEqual(
      secondsToRamp(0, (second) => second !== 5),
      6 + 6,
    )
    assert.strictEqual(
      secondsToRamp(2, (second) => second !== 30),
      54 + 10,
    )
    assert.isNaN(secondsToRamp(2, (second) => second % 10 < 5))
  })

  it("admits a fifth of the sessions, a half, all", () => {
    assert.deepStrictEqual(
      [0, 1, 2].map((step) => Ramp.shareOf(defaultPolicy, ramp(step))),
      [0.2, 0.5, 1],
    )
  })

  it("rises after 5 s with 5 good attempts, after 10 s without a bad one, or after a minute, and closes after the last step", () => {
    const four = observe(ramp(0), "good", "good", "good", "good")
    const five = observe(four, "good")
    assert.deepInclude(advance(five, 4999).breaker, { step: 0 })
    assert.deepInclude(advance(four, 9999).breaker, { step: 0 })
    assert.deepInclude(advance(five, 5000).breaker, { step: 1, good: 0, stepSince: start + 5000, epoch: 2 })
    assert.deepInclude(advance(four, 10_000).breaker, { step: 1 })
    assert.deepInclude(advance(observe(five, "bad"), 59_999).breaker, { step: 0 })
    assert.deepInclude(advance(observe(five, "bad"), 60_000).breaker, { step: 1, bad: 0 })
    assert.deepInclude(advance(ramp(2), 10_000), {
      breaker: { state: "closed", epoch: 3, since: start + 10_000, level: 0 },
    })
  })

  it("falls a step after three bad attempts, less the good ones since; from the first step it opens for longer", () => {
    assert.deepInclude(observe(ramp(1), "bad", "bad", "good", "bad"), { step: 1, bad: 2 })
    assert.deepInclude(observe(ramp(1), "bad", "bad", "bad"), { state: "ramp", step: 0, bad: 0 })
    assert.deepInclude(observe(ramp(0), "bad", "bad", "bad"), { state: "open", level: 1, epoch: 3 })
  })

  it("an attempt that fails after its progress is not good", () => {
    assert.deepInclude(observe(ramp(0), "good", "bad_after_progress"), { good: 0, bad: 1 })
    assert.deepInclude(observe(ramp(1), "bad_after_progress"), { good: 0, bad: 1 }, "counted a step before")
  })
})
