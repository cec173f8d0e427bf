/**
 * The value of each signal of the breaker, as Markdown: each scenario under our policy, and below it the policies
 * without one signal, if the difference is notable. `npm run simulate:ablation` takes a few minutes; the number of
 * seeds may follow (`-- 5`).
 */
import * as Ablation from "../test/simulation/Ablation.ts"
import * as Figures from "../src/simulation/Figures.ts"
import * as Policies from "../src/simulation/Policies.ts"
import type { Policy } from "../src/simulation/Policy.ts"
import type { Scenario } from "../src/simulation/Scenario.ts"
import * as ScenarioRun from "../src/simulation/ScenarioRun.ts"
import { scenarios } from "../src/simulation/Scenarios.ts"
import * as Table from "../src/simulation/Table.ts"

const seeds = Number(process.argv[2] ?? 20)

const play = (scenario: Scenario, make: () => Policy): Figures.Figures =>
  Figures.of(
    scenario,
    Array.from({ length: seeds }, (_, seed) => ScenarioRun.run(scenario, make(), seed + 1)),
  )

const failed = ({ inFault }: Figures.Figures) => 100 * Figures.failedShare(inFault)

const columns: ReadonlyArray<{
  readonly title: string
  readonly value: (figures: Figures.Figures) => number
  readonly digits: number
  /** A smaller difference is within the noise of 20 seeds, or of no interest. */
  readonly notable: number
}> = [
  { title: "detect s, median", value: ({ detect }) => detect.median, digits: 1, notable: 1 },
  { title: "worst", value: ({ detect }) => detect.worst, digits: 1, notable: 5 },
  { title: "failed %", value: failed, digits: 2, notable: 0.1 },
  { title: "recover s, median", value: ({ recover }) => recover.median, digits: 0, notable: 5 },
  { title: "needless direct %", value: ({ needless }) => 100 * needless, digits: 2, notable: 0.25 },
  { title: "trips", value: ({ trips }) => trips.median, digits: 0, notable: 1 },
  { title: "wait p99 s", value: ({ waitP99 }) => waitP99, digits: 1, notable: 1 },
]

const cells = (figures: Figures.Figures): ReadonlyArray<string> =>
  columns.map(({ digits, value }) => {
    const shown = value(figures)
    return Number.isFinite(shown) ? shown.toFixed(digits) : "never"
  })

const differs = (ours: Figures.Figures, without: Figures.Figures): boolean =>
  columns.some(({ notable, value }) => {
    const [a, b] = [value(ours), value(without)]
    return a !== b && Math.abs(a - b) >= notable
  })

const bought = new Set<Ablation.Signal>()

const rowsOf = (scenario: Scenario): ReadonlyArray<ReadonlyArray<string>> => {
  const ours = play(scenario, () => Policies.make("ours", Policies.usual))
  const without = Ablation.signals.flatMap((signal) => {
    const figures = play(scenario, () => Ablation.without(Policies.usual, signal) as Policy)
    if (!differs(ours, figures)) return []
    bought.add(signal)
    return [["", `without ${signal}`, ...cells(figures)]]
  })
  return [[scenario.name, "ours", ...cells(ours)], ...without]
}

const played = scenarios.filter(({ faults, name }) => faults.length > 0 && name !== "blips")
const rows = played.flatMap(rowsOf)
console.log(Table.markdown(["scenario", "policy", ...columns.map(({ title }) => title)], rows))
const rest = Ablation.signals.filter((signal) => !bought.has(signal))
console.log(
  `\nNothing notable anywhere without: ${rest.length === 0 ? "-" : rest.join(", ")}. Seeds: ${seeds}.`,
)
