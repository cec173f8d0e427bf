/**
 * The targets of the fallback policy: one figure of one scenario with its limit. Pure; `npm run simulate:targets`
 * prints them, with the autopilot's.
 */
import * as Figures from "../../src/simulation/Figures.ts"
import type { Policy } from "../../src/simulation/Policy.ts"
import type { Scenario } from "../../src/simulation/Scenario.ts"
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"
import * as Scenarios from "../../src/simulation/Scenarios.ts"

/** One line of the output. */
export interface Result {
  readonly row: string
  readonly target: string
  readonly got: string
  readonly pass: boolean
}

type Judged = Omit<Result, "row">
type Check = (got: Figures.Figures, play: (make: () => Policy) => Figures.Figures) => Judged

interface Target {
  readonly scenario: Scenario
  readonly seeds: number
  readonly checks: ReadonlyArray<Check>
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const seconds = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(1)} s` : "never")

const within =
  (what: string, most: number, spreadOf: (figures: Figures.Figures) => Figures.Spread): Check =>
  (figures) => {
    const { median, worst } = spreadOf(figures)
    const got = `median ${seconds(median)}, worst ${seconds(worst)}`
    return { target: `${what} <= ${most} s`, got, pass: worst <= most }
  }
const detect = (most: number) => within("detect", most, (figures) => figures.detect)
const recover = (most: number) => within("recover", most, (figures) => figures.recover)

const atMost =
  (what: string, most: number, shareOf: (figures: Figures.Figures) => number): Check =>
  (figures) => {
    const got = shareOf(figures)
    return {
      target: `${what} <= ${Number((100 * most).toPrecision(6))} %`,
      got: percent(got),
      pass: got <= most,
    }
  }
const failed = (most: number) => atMost("failed", most, ({ inFault }) => Figures.failedShare(inFault))
const failedOfAll = (most: number) => atMost("failed of all", most, ({ all }) => Figures.failedShare(all))
const needless = (most: number) => atMost("needless direct", most, (figures) => figures.needless)
const noNeedless = needless(0)
/**
 * By chance an organisation with about 25 chats in the window exceeds its own contract in 1 of 500 runs, and leaves.
 */
const hardlyNeedless: Check = ({ needless }) => ({
  target: "needless direct < 0.01 %",
  got: `${(100 * needless).toFixed(4)} %`,
  pass: needless < 0.0001,
})
const othersFailed = (most: number) =>
  atMost("others failed", most, ({ beside }) => Figures.failedShare(beside))
const othersNeedless = (most: number) =>
  atMost("others needless direct", most, (figures) => figures.besideNeedless)

const trips =
  (most: number, per: string): Check =>
  ({ trips: { median, worst } }) => ({
    target: `trips <= ${most} ${per}`,
    got: `median ${median}, worst ${worst}`,
    pass: worst <= most,
  })

/** The same seeds: the same users with the same random numbers. */
const noWorseThan =
  (name: string, make: () => Policy): Check =>
  (got, play) => {
    const [ours, theirs] = [got.inFault, play(make).inFault]
    return {
      target: `failed no worse than ${name}`,
      got: `${percent(Figures.failedShare(ours))}, ${name} ${percent(Figures.failedShare(theirs))}`,
      pass: ours.failed <= theirs.failed,
    }
  }

const target = (name: string, ...checks: ReadonlyArray<Check>): Target => ({
  scenario: Scenarios.find(name),
  seeds: 20,
  checks,
})

export const targets = (stay: () => Policy): ReadonlyArray<Target> => [
  target("refused", detect(6), failed(0.005), recover(45), needless(0.01)),
  target("hang", detect(6), failed(0.005), recover(45), needless(0.01)),
  target("slow", detect(20), failed(0.006), recover(45), needless(0.01)),
  target("errors-70", detect(15), failed(0.012), recover(60), needless(0.015)),
  target("errors-20", trips(0, "a run"), failed(0.07), hardlyNeedless),
  target("flapping", detect(6), failed(0.01), recover(130), needless(0.04)),
  target("poisoned-org", trips(0, "a run"), othersFailed(0.005), othersNeedless(0.002)),
  target("both-modes", noWorseThan("stay", stay), recover(60)),
  target("one-a-minute", detect(60), failed(0.01), recover(90), needless(0.01)),
  target("hang-50", detect(6), failed(0.006), recover(35), needless(0.01)),
  target("blips", trips(3, "a day"), needless(0.003)),
  ...Scenarios.healthyRates.map((rate): Target => ({
    ...target(`healthy-${rate}`, trips(0, "in all"), failedOfAll(0.004), noNeedless),
    // 50 turns a second for 10 days are 43 million: one seed of each rate.
    seeds: 1,
  })),
]

/** The part of a target that is simulated: fewer seeds, and no run with more turns than this. */
export interface Effort {
  readonly seeds: number
  readonly turns: number
}

/** Shortens a scenario without faults; one with faults is never cut. */
const shortened = (scenario: Scenario, { turns }: Effort): Scenario => {
  const seconds = Math.min(scenario.seconds, turns / scenario.turnsPerSecond)
  return scenario.faults.length > 0 ? scenario : { ...scenario, seconds }
}

const labelOf = ({ seconds, turnsPerSecond }: Scenario, seeds: number): string => {
  const length =
    seconds >= 86_400 ? `${(seconds / 86_400).toFixed(1)} days` : `${(seconds / 3600).toFixed(1)} h`
  return `${Number(turnsPerSecond.toPrecision(2))}/s, ${length}, seeds ${seeds}`
}

export const judge = (
  { checks, scenario, seeds }: Target,
  make: () => Policy,
  effort: Effort,
): ReadonlyArray<Result> => {
  const played = shortened(scenario, effort)
  const count = Math.min(seeds, effort.seeds)
  const play = (make: () => Policy): Figures.Figures =>
    Figures.of(
      played,
      Array.from({ length: count }, (_, seed) => ScenarioRun.run(played, make(), seed + 1)),
    )
  const got = play(make)
  return checks.map((check) => ({ row: `${scenario.name} (${labelOf(played, count)})`, ...check(got, play) }))
}
