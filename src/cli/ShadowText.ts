/** The texts that `crossfade shadow` prints. Pure. */
import type { ShadowReport } from "../api/ShadowApi.ts"
import type { ShadowPair, Side } from "../domain/ShadowPair.ts"
import { aligned } from "./Columns.ts"
import { printable } from "../domain/PlainText.ts"
import { timeOf } from "./Times.ts"

type Report = typeof ShadowReport.Type
type Dimension = Report["dimensions"][number]

const share = ({ hits, of }: { readonly hits: number; readonly of: number }): string => `${hits} of ${of}`
const two = (value: number): string => String(Number(value.toFixed(2)))
const orDash = (value: number | null): string => (value === null ? "-" : String(value))

const dimensionRow = ({ agreement, difference, dimension, noise, verdict }: Dimension) => [
  dimension,
  share(agreement),
  share(noise),
  agreement.of === 0 ? "-" : `${two(difference.rate)} (${two(difference.low)} to ${two(difference.high)})`,
  verdict,
]

const aboveNoise = (dimensions: ReadonlyArray<Dimension>): string => {
  const names = dimensions
    .filter(({ verdict }) => verdict === "above_noise")
    .map(({ dimension }) => dimension)
  return names.length === 0 ? "none" : names.join(", ")
}

const scopeRows = (kind: string, scopes: Report["orgs"]) =>
  scopes.map(({ dimensions, id, pairs, samePairs }) => [
    kind,
    id,
    String(pairs),
    String(samePairs),
    aboveNoise(dimensions),
  ])

export const reportLines = (report: Report): ReadonlyArray<string> => [
  `${report.pairs} pairs across the modes, ${report.samePairs} pairs within one mode`,
  "",
  ...aligned([
    ["DIMENSION", "AGREEMENT", "NOISE", "DIFFERENCE", "VERDICT"],
    ...report.dimensions.map(dimensionRow),
  ]),
  "",
  ...aligned([
    ["MODE", "FIRST CONTENT", "TOTAL", "TOKENS", "LENGTH"],
    ...Object.entries(report.means).map(([mode, { firstContentMs, length, tokens, totalMs }]) => [
      mode,
      `${orDash(firstContentMs)} ms`,
      `${orDash(totalMs)} ms`,
      orDash(tokens),
      orDash(length),
    ]),
  ]),
  "",
  ...aligned([
    ["LEDGER", "ENDING", "RUNS", "TOKENS"],
    ...report.ledger.map(({ ending, mode, runs, tokens }) => [mode, ending, String(runs), String(tokens)]),
  ]),
  "",
  ...aligned([
    ["SCOPE", "ID", "PAIRS", "SAME", "ABOVE NOISE"],
    ...scopeRows("org", report.orgs),
    ...scopeRows("agent", report.agents),
  ]),
]

const sideLines = (name: string, side: Side): ReadonlyArray<string> => [
  `  ${name}: ${side.code ?? "answered"}, ${orDash(side.totalMs)} ms, ${orDash(side.tokens)} tokens, ${side.length} characters, ${side.language}`,
  ...(side.text === undefined
    ? []
    : printable(side.text)
        .split("\n")
        .map((line) => `    ${line}`)),
]

const mismatchLines = (pair: ShadowPair, now: number): ReadonlyArray<string> => [
  `${pair.runId}  ${pair.orgId}  ${timeOf(pair.createdAt, now)}  differs in ${pair.differs.join(", ")}`,
  ...sideLines(`${pair.primaryMode} (shown)`, pair.primary),
  ...sideLines(`${pair.shadowMode} (shadow)`, pair.shadow),
]

export const mismatchesLines = (pairs: ReadonlyArray<ShadowPair>, now: number): ReadonlyArray<string> =>
  pairs.length === 0 ? ["No answers differ."] : pairs.flatMap((pair) => mismatchLines(pair, now))
