import { assert, describe, it } from "@effect/vitest"
import type { AutopilotVerdict } from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan as plan } from "../../src/domain/AutopilotLimits.ts"
import type { CohortRatings, CohortRun } from "../../src/store/CohortRuns.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { judge } from "../../src/rollout/Verdict.ts"
import { run, samplesOf } from "./samples.ts"

const guardrail = (verdict: AutopilotVerdict, name: string) =>
  verdict.guardrails.find(({ guardrail }) => guardrail === name)!

describe("the verdict on a step", () => {
  it("cannot tell without runs, and gives no guardrail a bound", () => {
    const verdict = judge(Samples.empty(), plan, 5)
    assert.strictEqual(verdict.judgement, "cannot_tell")
    assert.match(verdict.reason, /too few: 0 and 0 sessions/)
    for (const { judgement, lower, upper } of verdict.guardrails) {
      assert.deepStrictEqual([judgement, lower, upper], ["cannot_tell", null, null])
    }
  })

  it("cannot tell after ninety failing sessions, and is worse after a hundred", () => {
    const failing = () => ({ status: "failed" as const, firstContentMs: null, tokens: 0 })
    const early = judge(samplesOf(90, failing), plan, 5)
    assert.strictEqual(early.judgement, "cannot_tell")
    assert.isNull(guardrail(early, "success").lower)
    const verdict = judge(samplesOf(110, failing), plan, 5)
    assert.strictEqual(verdict.judgement, "worse")
    assert.match(verdict.reason, /^worse: success 0 against 0\.9\d* in 110 and 110 runs/)
  })

  it("is as_good for two equal cohorts after a few thousand sessions", () => {
    const verdict = judge(samplesOf(4000), plan, 5)
    assert.strictEqual(verdict.judgement, "as_good")
    assert.deepStrictEqual(verdict.sessions, { treatment: 4000, control: 4000 })
    for (const { guardrail, harm, lower, margin, upper } of verdict.guardrails) {
      if (guardrail === "feedback") assert.isNull(lower)
      else assert.isTrue(lower! < harm && harm < upper! && upper! <= margin)
    }
  })

  const harms: ReadonlyArray<[string, (chance: () => number) => Partial<CohortRun>]> = [
    ["success", (chance) => (chance() < 0.06 ? { status: "failed", firstContentMs: null } : {})],
    ["firstTry", (chance) => (chance() < 0.06 ? { attempts: 2 } : {})],
    ["repeats", (chance) => (chance() < 0.06 ? { repeats: true } : {})],
    ["stops", (chance) => (chance() < 0.06 ? { status: "cancelled" } : {})],
    ["firstContent", (chance) => ({ firstContentMs: 1500 + 2000 * chance() })],
    ["total", (chance) => ({ totalMs: 6000 + 6000 * chance() })],
    ["tokens", (chance) => ({ tokens: 900 + chance() })],
  ]
  for (const [name, differ] of harms) {
    it(`a treatment that is worse in ${name} is worse, even if all else is as good`, () => {
      const verdict = judge(samplesOf(2000, differ), plan, 5)
      assert.strictEqual(verdict.judgement, "worse")
      assert.strictEqual(guardrail(verdict, name).judgement, "worse")
      assert.isAbove(guardrail(verdict, name).lower!, 0)
      assert.include(verdict.reason, name)
    })
  }

  it("is as_good for a certain harm within the margin", () => {
    const verdict = judge(
      samplesOf(40_000, (chance) => (chance() < 0.01 ? { repeats: true } : {})),
      plan,
      5,
    )
    const repeats = guardrail(verdict, "repeats")
    assert.isAbove(repeats.lower!, 0)
    assert.strictEqual(repeats.judgement, "as_good")
    assert.strictEqual(verdict.judgement, "as_good")
  })

  it("is as_good for a runtime that is slower and costs more within the ratios", () => {
    const slower = (chance: () => number) => ({
      firstContentMs: 1.25 * (300 + 900 * chance()),
      tokens: 1.5 * (100 + 400 * chance()),
    })
    const verdict = judge(samplesOf(8000, slower), plan, 5)
    assert.strictEqual(verdict.judgement, "as_good")
    const { control, treatment } = guardrail(verdict, "firstContent")
    assert.closeTo(treatment / control, 1.25, 0.15)
  })

  it("decides even if a value never differs", () => {
    const samples = Samples.empty()
    for (let batch = 0; batch < 40; batch++) {
      const ids = Array.from({ length: 50 }, (_, index) => String(batch * 50 + index))
      Samples.addAll(
        samples,
        ids.flatMap((id) => [run("control", id), run("treatment", id)]),
        plan.margins,
      )
    }
    assert.strictEqual(judge(samples, plan, 5).judgement, "as_good")
  })

  it("does not compare cohorts with a sample ratio mismatch", () => {
    const verdict = judge(
      samplesOf(2000, () => ({ status: "failed" }), { lost: 0.3 }),
      plan,
      5,
    )
    assert.isTrue(verdict.sampleRatio.mismatch)
    assert.strictEqual(verdict.judgement, "cannot_tell")
    assert.match(verdict.reason, /sample ratio mismatch/)
  })

  it("takes the rest as control above 50 %, without a mismatch", () => {
    const samples = samplesOf(4000)
    const isControl = { ...samples.control, sessions: 1000 }
    assert.strictEqual(judge({ ...samples, control: isControl }, plan, 80).sampleRatio.expected, 0.8)
    assert.isFalse(judge({ ...samples, control: isControl }, plan, 80).sampleRatio.mismatch)
    assert.isTrue(judge({ ...samples, control: isControl }, plan, 50).sampleRatio.mismatch)
  })
})

/** `n` rated sessions of one rating in each cohort, `down` of them thumbs down. */
const rated = (n: number, down: { readonly treatment: number; readonly control: number }) => {
  const of = (y: number): CohortRatings => ({ sessions: n, n, y, nn: n, ny: y, yy: y })
  return { ...samplesOf(4000), ratings: { treatment: of(down.treatment), control: of(down.control) } }
}

describe("the guardrail of feedback", () => {
  const judged = (samples: Samples.Samples) => {
    const verdict = judge(samples, plan, 5)
    return { verdict, feedback: guardrail(verdict, "feedback") }
  }

  it("is as_good for equal shares of thumbs down", () => {
    const { feedback, verdict } = judged(rated(1000, { treatment: 200, control: 200 }))
    assert.strictEqual(verdict.judgement, "as_good")
    assert.deepInclude(feedback, { judgement: "as_good", treatment: 0.2, control: 0.2, margin: 0.1 })
    assert.deepStrictEqual(feedback.runs, { treatment: 1000, control: 1000 })
    assert.notInclude(verdict.reason, "feedback")
  })

  it("is worse for a clear harm, and names the ratings", () => {
    const { feedback, verdict } = judged(rated(600, { treatment: 240, control: 120 }))
    assert.strictEqual(feedback.judgement, "worse")
    assert.match(
      verdict.reason,
      /^worse: feedback 0\.4 against 0\.2 in 600 and 600 ratings, a harm of at least/,
    )
  })

  it("is not needed for a raise with fewer than 400 ratings in a cohort, and holds it with 400", () => {
    const few = judged(rated(399, { treatment: 110, control: 80 }))
    assert.strictEqual(few.feedback.judgement, "cannot_tell")
    assert.strictEqual(few.verdict.judgement, "as_good")
    assert.include(few.verdict.reason, "without feedback: 399 and 399 ratings, at least 400 of each")
    const enough = judged(rated(400, { treatment: 110, control: 80 }))
    assert.strictEqual(enough.feedback.judgement, "cannot_tell")
    assert.strictEqual(enough.verdict.judgement, "cannot_tell")
    assert.match(enough.verdict.reason, /: feedback$/)
  })

  it("has no bound with fewer than a hundred rated sessions, whatever they rate", () => {
    const harm = { treatment: 99, control: 0 }
    assert.isNull(judged(rated(99, harm)).feedback.lower)
    assert.isAbove(judged(rated(100, { ...harm, treatment: 100 })).feedback.lower ?? 0, 0)
    const talkative: CohortRatings = { sessions: 1, n: 500, y: 500, nn: 250_000, ny: 250_000, yy: 250_000 }
    const { feedback } = judged({
      ...samplesOf(4000),
      ratings: { treatment: talkative, control: { ...talkative, y: 0, ny: 0, yy: 0 } },
    })
    assert.isNull(feedback.lower)
  })
})

describe("the sums of a step", () => {
  const { margins } = plan

  it("counts a cancelled run as neither success nor failure, and as slow only after the limit", () => {
    const samples = samplesOf(200)
    const before = structuredClone(samples.treatment.moments)
    const stopped = { status: "cancelled", firstContentMs: null, totalMs: 100 } as const
    Samples.addAll(samples, [run("treatment", "a", stopped)], margins)
    const { moments } = samples.treatment
    assert.strictEqual(moments.failed.n, before.failed.n)
    assert.strictEqual(moments.slowContent.n, before.slowContent.n)
    assert.strictEqual(moments.stopped.y, before.stopped.y + 1)
    Samples.addAll(samples, [run("treatment", "b", { ...stopped, totalMs: 60_000 })], margins)
    assert.strictEqual(moments.slowContent.y, before.slowContent.y + 1)
  })

  it("calls no run slow before earlier batches give the control's percentile", () => {
    const samples = Samples.empty()
    const batch = Array.from({ length: 100 }, (_, i) => run("control", String(i)))
    Samples.addAll(samples, batch, margins)
    assert.strictEqual(samples.control.moments.slowContent.n, 0)
    Samples.addAll(samples, [run("treatment", "x", { firstContentMs: 5000 })], margins)
    assert.deepInclude(samples.treatment.moments.slowContent, { n: 1, y: 1 })
  })

  it("are the same after they were stored and restored", () => {
    const samples = samplesOf(500)
    const stored = Samples.store(samples)
    const restored = Samples.restore(JSON.parse(JSON.stringify(stored)) as Samples.StoredSamples)
    assert.deepStrictEqual(judge(restored, plan, 5), judge(samples, plan, 5))
    for (const each of [samples, restored]) Samples.addAll(each, [run("control", "new")], margins)
    assert.deepStrictEqual(judge(restored, plan, 5), judge(samples, plan, 5))
  })
})
