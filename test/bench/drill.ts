/**
 * Fault drills: the cost of a runtime fault for the users of real processes, beside the simulator's prediction for
 * the same load. `npm run drill`, or a selection: `npm run drill -- hang refused slow org`; `--json` for all
 * measurements. Two to three minutes each, one after the other.
 */
import * as Table from "../../src/simulation/Table.ts"
import type { Measured } from "./DrillFigures.ts"
import { type Figures, predict, type Prediction, seeds } from "./DrillPrediction.ts"
import * as DrillRun from "./DrillRun.ts"

const asked = process.argv.slice(2)
const unknown = asked.filter((word) => word !== "--json" && !DrillRun.names.some((name) => name === word))
if (unknown.length > 0)
  throw new Error(`no such drill: ${unknown.join(", ")}; there are ${DrillRun.names.join(", ")}`)
const chosen = DrillRun.names.filter((name) => asked.includes(name))
const names = chosen.length > 0 ? chosen : DrillRun.names
const json = asked.includes("--json")

const seconds = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(1)} s` : "never")
const signed = (text: string): string => (text.startsWith("-") ? text : `+${text}`)

type Figure = readonly [title: string, name: keyof Figures, show: (value: number) => string]

const columns: ReadonlyArray<Figure> = [
  ["detected after", "detectS", seconds],
  ["failed", "failedPercent", (value) => `${value.toFixed(2)} %`],
  ["closed again after", "recoverS", seconds],
  ["moved", "moved", (value) => value.toFixed(0)],
  ["longest wait", "longestWaitS", seconds],
]

/** "measured (predicted, least-most; difference)" */
const cell = (measured: number, { least, median, most }: Prediction, of: Figure): string => {
  const [, figure, show] = of
  const range = `${show(median[figure])}, ${show(least[figure])}-${show(most[figure])}`
  return `${show(measured)} (${range}; ${signed(show(measured - median[figure]))})`
}

const describe = (name: string, shown: Omit<Measured, "samples">): void => {
  const { chats, firstProgressLimitMs, inFault, latestMs, othersAway, underWay, underWayFailed } = shown
  console.log(
    `${name}: ${chats} chats, ${inFault} in the fault; of ${underWay} under way ${underWayFailed} failed; ` +
      `${othersAway} of other organisations kept away; first-progress limit ${firstProgressLimitMs} ms; ` +
      `turns up to ${latestMs} ms late\n  longest wait of all: ${shown.slowest}`,
  )
  for (const transition of shown.transitions) console.log(`  ${transition}`)
}

const drills = []
for (const name of names) {
  const { samples, ...measured } = await DrillRun.run(name)
  if (!json) describe(name, measured)
  drills.push({
    name,
    measured,
    predicted: predict(DrillRun.scenarioOf(name), DrillRun.faultOf(name), samples),
  })
}
if (json) {
  console.log(JSON.stringify(drills, null, 2))
} else {
  const rows = drills.map(({ measured, name, predicted }) => [
    name,
    ...columns.map((figure) => cell(measured[figure[1]], predicted, figure)),
  ])
  console.log(
    `\nMeasured (the simulator's median over ${seeds} seeds, least-most; difference from the median):`,
  )
  console.log(Table.text(["drill", ...columns.map(([title]) => title)], rows))
}
