import { assert, describe, it } from "@effect/vitest"
import type { Dimension, ShadowPair } from "../../src/domain/ShadowPair.ts"
import { OrgId } from "../../src/domain/Ids.ts"
import * as RateIntervals from "../../src/shadow/RateIntervals.ts"
import * as ShadowReport from "../../src/shadow/ShadowReport.ts"
import { pair } from "./traces.ts"

const closeTo = (found: RateIntervals.Interval, low: number, high: number) => {
  assert.closeTo(found.low, low, 1e-4)
  assert.closeTo(found.high, high, 1e-4)
}

describe("intervals", () => {
  // Newcombe 1998, part I, table I (method 3) and part II, table II (method 10).
  it("match Wilson's published ones for one rate", () => {
    closeTo(RateIntervals.wilson(81, 263), 0.2553, 0.3662)
    closeTo(RateIntervals.wilson(15, 148), 0.0624, 0.1605)
    closeTo(RateIntervals.wilson(0, 20), 0, 0.1611)
    closeTo(RateIntervals.wilson(1, 29), 0.0061, 0.1718)
  })

  it("match Newcombe's published ones for two rates", () => {
    closeTo(
      RateIntervals.difference(RateIntervals.wilson(56, 70), RateIntervals.wilson(48, 80)),
      0.0524,
      0.3339,
    )
    closeTo(RateIntervals.difference(RateIntervals.wilson(9, 10), RateIntervals.wilson(3, 10)), 0.1705, 0.809)
    closeTo(RateIntervals.difference(RateIntervals.wilson(10, 10), RateIntervals.wilson(0, 20)), 0.6791, 1)
  })

  it("are 0 to 1 without samples", () => {
    assert.deepInclude(RateIntervals.wilson(0, 0), { rate: 0, low: 0, high: 1 })
  })
})

const reportOf = (pairs: ReadonlyArray<ShadowPair>) => {
  const tallies = ShadowReport.empty()
  for (const one of pairs) ShadowReport.add(tallies, one)
  return ShadowReport.report(tallies)
}

/** `count` pairs, of which the first `differing` differ in text; `same` for A/A. */
const pairs = (count: number, differing: number, same: boolean, org = "acme") =>
  Array.from({ length: count }, (_, n) =>
    pair(n, {
      orgId: OrgId.make(org),
      primaryMode: "direct_llm",
      shadowMode: same ? "direct_llm" : "runtime_orchestrator",
      distances: { text: n < differing ? 0.9 : 0.1 },
    }),
  )

const dimension = (report: ShadowReport.ScopeReport | undefined, name: Dimension) =>
  report?.dimensions.find((found) => found.dimension === name)

describe("the report", () => {
  it("gives the agreement across the modes, of a mode with itself, and the difference", () => {
    const text = dimension(reportOf([...pairs(80, 32, false), ...pairs(70, 14, true)]), "text")
    assert.deepInclude(text?.agreement, { of: 80, hits: 48, rate: 0.6 })
    assert.deepInclude(text?.noise, { of: 70, hits: 56, rate: 0.8, scope: "own" })
    // As the roots of (p - x)² = z² x (1 - x) / n with z = 2.838: 0.4424..0.7393 for 0.6, 0.6369..0.9012 for 0.8.
    assert.closeTo(text?.difference.rate ?? 0, 0.2, 1e-9)
    closeTo(text!.difference, -0.0145, 0.3873)
    assert.strictEqual(text?.verdict, "within_noise")
  })

  it("reports a difference only beyond chance", () => {
    const report = reportOf([...pairs(200, 120, false), ...pairs(100, 20, true)])
    assert.strictEqual(dimension(report, "text")?.verdict, "above_noise")
    assert.strictEqual(dimension(report, "outcome")?.verdict, "within_noise")
    assert.strictEqual(dimension(report, "language")?.verdict, "too_few")
  })

  it("reports no difference if a mode disagrees with itself as often", () => {
    const report = reportOf([...pairs(500, 450, false), ...pairs(500, 450, true)])
    assert.strictEqual(dimension(report, "text")?.verdict, "within_noise")
  })

  it("reports too_few below the minimum of either kind", () => {
    const few = ShadowReport.minPairs - 1
    assert.strictEqual(
      dimension(reportOf([...pairs(500, 500, false), ...pairs(few, 0, true)]), "text")?.verdict,
      "too_few",
    )
    assert.strictEqual(
      dimension(reportOf([...pairs(few, few, false), ...pairs(500, 0, true)]), "text")?.verdict,
      "too_few",
    )
  })

  it("reports per organisation, with the noise of all if its own pairs are too few", () => {
    const report = reportOf([
      ...pairs(100, 100, false, "worse"),
      ...pairs(60, 0, false),
      ...pairs(40, 0, true),
      ...pairs(5, 5, true, "worse"),
    ])
    const [first, second] = report.orgs
    assert.deepInclude(first, { id: "worse", pairs: 100, samePairs: 5 })
    assert.deepInclude(dimension(first, "text"), { verdict: "above_noise" })
    assert.deepInclude(dimension(first, "text")?.noise, { scope: "all", of: 45, hits: 40 })
    assert.deepInclude(dimension(second, "text"), { verdict: "within_noise" })
    assert.deepInclude(dimension(second, "text")?.noise, { scope: "own", of: 40 })
    assert.deepInclude(report.agents[0], { pairs: 160 })
  })

  it("gives the means of each mode, on either side, over turns that both answered", () => {
    const side = pair(0).primary
    const report = reportOf([
      pair(1, { primary: { ...side, totalMs: 1000 }, shadow: { ...side, totalMs: 3000 } }),
      pair(2, {
        primaryMode: "runtime_orchestrator",
        shadowMode: "direct_llm",
        primary: { ...side, totalMs: 5000 },
        shadow: { ...side, totalMs: 2000 },
      }),
      pair(3, { shadowOutcome: "error", primary: { ...side, totalMs: 90_000 } }),
    ])
    assert.strictEqual(report.means.direct_llm.totalMs, 1500)
    assert.strictEqual(report.means.runtime_orchestrator.totalMs, 4000)
    assert.isNull(report.means.direct_llm.tokens)
  })

  it("counts the judge's verdicts by mode, on either side", () => {
    const judged = (n: number, verdict: "primary" | "shadow" | "equal", turned = false) =>
      pair(n, {
        judgement: { verdict, tokens: 1 },
        primaryMode: turned ? "runtime_orchestrator" : "direct_llm",
        shadowMode: turned ? "direct_llm" : "runtime_orchestrator",
      })
    const { judged: found } = reportOf([
      judged(1, "primary"),
      judged(2, "shadow"),
      judged(3, "shadow", true),
      judged(4, "equal"),
    ])
    assert.deepStrictEqual(found, { direct_llm: 2, runtime_orchestrator: 1, equal: 1, unclear: 0 })
  })

  it("reports a difference of two equal modes in at most one of twenty", () => {
    // A fixed stream of draws (a linear congruential generator): the same reports each time.
    let state = 12_345
    const draw = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const distances = () => ({
      text: draw() < 0.4 ? 1 : 0,
      sequence: draw() < 0.3 ? 1 : 0,
      total: draw() < 0.2 ? 1 : 0,
      firstContent: draw() < 0.5 ? 1 : 0,
      length: draw() < 0.3 ? 1 : 0,
      tools: draw() < 0.1 ? 1 : 0,
      plan: draw() < 0.2 ? 1 : 0,
      language: draw() < 0.05 ? 1 : 0,
    })
    const findings = Array.from({ length: 200 }, () => {
      const all = Array.from({ length: 250 }, (_, n) =>
        pair(n, { shadowMode: n < 50 ? "direct_llm" : "runtime_orchestrator", distances: distances() }),
      )
      return reportOf(all).dimensions.some(({ verdict }) => verdict === "above_noise")
    })
    assert.isAtMost(findings.filter(Boolean).length, 10)
  })
})
