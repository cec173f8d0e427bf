import { assert, describe, it } from "@effect/vitest"
import type { SeriesPoint } from "../../src/api/SeriesView.ts"
import { appended, bandsOf, reread, rowsOf } from "../../src/console/crossfade/Points.ts"

const mode = {
  perSecond: 1,
  successRate: 1,
  errorRate: 0,
  timeoutRate: 0,
  avgLatencyMs: 1,
  p50LatencyMs: 1,
  p95LatencyMs: 1,
  p99LatencyMs: 1,
  p50FirstContentMs: 1,
  p95FirstContentMs: 1,
  inFlight: 0,
}
const point = (second: number, state: SeriesPoint["state"] = "closed"): SeriesPoint => ({
  at: second * 1000,
  state,
  share: 1,
  modes: { runtime_orchestrator: mode, direct_llm: mode },
})
const every5 = (from: number, to: number, state?: SeriesPoint["state"]) =>
  Array.from({ length: (to - from) / 5 + 1 }, (_, index) => point(from + 5 * index, state))
const times = (points: ReadonlyArray<SeriesPoint>) => points.map(({ at }) => at / 1000)

describe("the points of the charts", () => {
  it("stay bounded, however long the page is open", () => {
    const points = every5(5, 20_000).reduce(appended, [] as ReadonlyArray<SeriesPoint>)
    assert.strictEqual(points.length, 180)
    assert.strictEqual(points.at(-1)?.at, 20_000_000)
  })

  it("ignore a point that is there already", () => {
    const points = every5(5, 15)
    assert.strictEqual(appended(points, point(15)), points)
  })

  it("continue after a restart, with the points from before it", () => {
    assert.deepStrictEqual(times(reread(every5(0, 10), [point(40), point(45)])), [0, 5, 10, 40, 45])
    assert.deepStrictEqual(times(reread(every5(5, 15), every5(10, 20))), [5, 10, 15, 20])
    assert.deepStrictEqual(times(reread(every5(5, 10), [])), [5, 10])
  })

  it("have a gap where the connection or the process was away", () => {
    const rows = rowsOf([point(5), point(10), point(40)])
    assert.deepStrictEqual(
      rows.map(([at, found]) => [at, found === undefined]),
      [
        [5000, false],
        [10_000, false],
        [39_999, true],
        [40_000, false],
      ],
    )
  })

  it("make a band of each state of the breaker that is not closed, and none over a gap", () => {
    const points = [...every5(5, 10), ...every5(15, 25, "open"), ...every5(30, 35, "ramp"), ...every5(40, 45)]
    const bands = bandsOf(points, (state) => state)
    assert.deepStrictEqual(
      bands.map(({ colour, from, label, to }) => [label, from / 1000, to / 1000, colour]),
      [
        ["open", 15, 30, "bad"],
        ["ramp", 30, 40, "warn"],
      ],
    )
    const apart = bandsOf(
      [point(5, "open"), point(10, "open"), point(60, "open"), point(65)],
      (state) => state,
    )
    assert.deepStrictEqual(
      apart.map(({ from, to }) => [from / 1000, to / 1000]),
      [
        [5, 10],
        [60, 65],
      ],
    )
  })
})
