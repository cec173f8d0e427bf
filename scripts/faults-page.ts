/**
 * `docs/reference/faults.md`: the checklist of faults, the tests that have each id in their names, and the
 * measurements of the tests in `test/faults`. Run as a script (`npm run faults`), it first runs those tests and
 * records their rows.
 */
import { execFileSync } from "node:child_process"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { checklist, type Item } from "../test/faults/Checklist.ts"
import type { Seen } from "../test/faults/Seen.ts"

const resultsFile = "test/faults/results.jsonl"

export const results = (): ReadonlyArray<Seen> =>
  readFileSync(resultsFile, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

/** Test files by the ids in the names of their tests and suites. */
export const namesOfIds = (): ReadonlyMap<string, ReadonlyArray<string>> => {
  const files = globSync("test/**/*.test.ts").toSorted()
  const texts = files.map((file) => [file, readFileSync(file, "utf8")] as const)
  return new Map(
    checklist.map(({ id }) => {
      const inName = new RegExp(`["'\`](?:[^"'\`\\n]*[ :])?${id}: `)
      return [id, texts.flatMap(([file, text]) => (inName.test(text) ? [file] : []))]
    }),
  )
}

/** Groups rows that differ only in their place and duration. */
const grouped = (rows: ReadonlyArray<Seen>) => {
  const groups = new Map<string, { readonly row: Seen; readonly at: Array<string>; ms: number }>()
  for (const row of rows) {
    const key = JSON.stringify([row.id, row.fault, row.expected, row.seen, row.attempts])
    const group = groups.get(key) ?? { row, at: [], ms: 0 }
    group.at.push(row.at)
    group.ms = Math.max(group.ms, row.ms)
    groups.set(key, group)
  }
  return [...groups.values()]
}

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n")

const link = (file: string): string =>
  `[${file.replace(/^test\//, "").replace(/\.test\.ts$/, "")}](../../${file})`

export const faults = (): string => {
  const rows = results()
  const names = namesOfIds()
  const covers = ({ id, note }: Item): string =>
    [
      ...(rows.some((row) => row.id === id) ? ["measured below"] : []),
      ...(names.get(id) ?? []).map(link),
      ...(note === undefined ? [] : [note]),
    ].join(", ")
  const measured = grouped(rows).map(({ at, ms, row }) => [
    row.id,
    row.fault,
    at.join(", "),
    row.expected,
    row.seen,
    String(row.attempts),
    `${ms} ms`,
  ])
  return [
    "# Faults",
    "Printed by `scripts/faults-page.ts`; do not edit.",
    "The faults that the service must survive, the expected behaviour, and the tests, whose names start with the id. [Wires](wires.md) lists the end of a turn for each answer of an upstream; [Soak and fuzz](../how-to/soak-and-fuzz.md) searches for more faults.",
    table([
      ["id", "fault", "expected", "tests"],
      ["---", "---", "---", "---"],
      ...checklist.map((item) => [item.id, item.fault, item.expected, covers(item)]),
    ]),
    "## Measured",
    "The last results of `npm run faults`, for each place in the table. Attempts are those at the faulty upstream, or the number of tries; the time is that of the longest one. Limits are short here: first event and stall 1.5 s, the whole turn 5 s.",
    table([
      ["id", "fault", "at", "expected", "seen", "attempts", "time"],
      ["---", "---", "---", "---", "---", "---", "---"],
      ...measured,
    ]),
  ]
    .join("\n\n")
    .concat("\n")
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly meta?: { readonly faults?: ReadonlyArray<Seen> } }>
  }>
}

const takeDown = (): void => {
  const file = ".cache/faults.json"
  const output = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
  // Without the test of the page itself, which fails until its rows are recorded.
  execFileSync(
    "node_modules/.bin/vitest",
    ["run", "test/faults", "--exclude", "test/faults/Page.test.ts", ...output],
    { stdio: "inherit" },
  )
  const report: Report = JSON.parse(readFileSync(file, "utf8"))
  const rows = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ meta }) => meta?.faults ?? [])
  const byFault = (a: Seen, b: Seen) => a.id.localeCompare(b.id, "en", { numeric: true })
  const lines = rows.toSorted(byFault).map((row) => `${JSON.stringify(row)}\n`)
  writeFileSync(resultsFile, lines.join(""))
}

if (import.meta.main) {
  takeDown()
  writeFileSync("docs/reference/faults.md", faults())
}
