/**
 * Checks the shape of `src`: allowed imports, no cycles, no barrels, no long files. `npm run check:imports`.
 *
 * Type-only imports count like any other: a room that knows another room's types knows that room. Only the table
 * below is meant to be edited. Exit code 1 and one line per violation, `src/…:line: reason`.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"

/**
 * Room -> the rooms that it may import, besides itself. A room is a folder of `src`, or `main.ts`. "domain" is a
 * whole room, "runs/RunEnd" one file of it, "*" everything. The rooms stand in order: an import points down.
 */
const rooms: Readonly<Record<string, ReadonlyArray<string>>> = (() => {
  const ground = ["domain", "platform"]
  const below = ["persistence", "telemetry", "protocol", ...ground]
  const stages = [
    "admission",
    "decision",
    "shadow",
    "execution",
    "runs",
    "recording",
    "files",
    "store",
    "monitoring",
  ]
  return {
    main: ["*"],
    cli: ["*"],
    app: ["*"],
    workers: ["http/HandedOver", "http/NodeServer", ...ground],
    http: ["api", "chat", "deletion", "notify", "rollout", "sharing", ...stages, ...below],
    // Runs outside of the gateway: it imports types and pure rules only.
    client: ["api", "runs/RunEvent", "protocol", ...ground],
    // Runs in the browser: of `api` and `domain` it imports types and pure rules only.
    console: ["client", "api", "protocol", "domain"],
    api: ["runs/RunEvent", "protocol", ...ground],
    simulation: ["rollout", "store", "monitoring", ...ground],
    rollout: ["decision", "execution/Modes", "notify", "store", "monitoring", ...below],
    deletion: ["execution/direct/AnswerCache", "files", "runs", "sharing", "store", ...below],
    chat: ["sharing", ...stages, ...below],
    replica: ["runs", "store", ...below],
    sharing: ["recording", "store", "runs", "replica", ...below],
    shadow: ["execution", "recording", "store", "runs", "monitoring", ...below],
    decision: ["monitoring", "store", "execution/Modes", ...below],
    execution: ["monitoring", "recording", "files", "store", ...below],
    recording: ["monitoring", "notify", "files", "store", "runs", ...below],
    files: ["store", ...below],
    // Budgets outlive the process by the spend that the store has counted.
    admission: ["store", ...below],
    store: ["monitoring", "runs", ...below],
    monitoring: below,
    notify: ["telemetry", ...ground],
    runs: below,
    protocol: ["runs/RunEvent", ...ground],
    persistence: ["telemetry", ...ground],
    telemetry: ground,
    config: ground,
    sandbox: [],
    platform: [],
    domain: ["platform"],
  }
})()

const maxLines = 300
const barrelPackages = /^(effect|@effect\/[^/]+)(\/|$)/

interface Import {
  readonly specifier: string
  readonly line: number
}

/**
 * Reads imports by their text: oxfmt puts every import and re-export at the start of a line, and nothing but names,
 * commas and braces can stand between the keyword and `from`. `import("…")` is read anywhere but in a comment.
 */
const importsOf = (text: string): ReadonlyArray<Import> => {
  const patterns = [
    /^(?:import|export)\b[\w$\s{},*]*?\bfrom\s*["']([^"']+)["']/gm,
    /^import\s*["']([^"']+)["']/gm,
    /^(?!\s*(?:\*|\/\/|\/\*)).*?\bimport\(\s*["']([^"']+)["']/gm,
  ]
  return patterns.flatMap((pattern) =>
    Array.from(text.matchAll(pattern), (match) => ({
      specifier: match[1] ?? "",
      line: text.slice(0, match.index + match[0].length).split("\n").length,
    })),
  )
}

const isBarrel = (specifier: string): boolean =>
  barrelPackages.test(specifier) && !specifier.split("/").some((part) => /^[A-Z]/.test(part))

const root = resolve(process.argv[2] ?? "src")
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes("console/built/"))
  .map((file) => file.split(sep).join("/"))
  .toSorted()

const roomOf = (file: string): string => (file.split("/")[0] ?? file).replace(/\.ts$/, "")

const mayImport = (from: string, to: string): boolean => {
  const allowed = rooms[roomOf(from)] ?? []
  return (
    roomOf(from) === roomOf(to) ||
    allowed.some((entry) => entry === "*" || entry === roomOf(to) || `${entry}.ts` === to)
  )
}

const violations: Array<string> = []
const graph = new Map<string, Set<string>>()
const name = (file: string) => `${relative(process.cwd(), root)}/${file}`

const readImport = (file: string, { specifier, line }: Import): void => {
  const at = `${name(file)}:${line}:`
  if (isBarrel(specifier)) {
    violations.push(`${at} barrel "${specifier}": import the module itself, such as "effect/Effect"`)
  }
  if (!specifier.startsWith(".")) return
  const path = resolve(root, dirname(file), specifier)
  const target = relative(root, path).split(sep).join("/")
  if (target.startsWith("..")) {
    violations.push(`${at} "${specifier}" leaves ${name("")}`)
  } else if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    violations.push(`${at} "${specifier}" is no file`)
  } else if (/\.tsx?$/.test(target)) {
    graph.get(file)?.add(target)
    if (!mayImport(file, target)) {
      const allowed = rooms[roomOf(file)]?.join(", ") || "nothing of src"
      violations.push(`${at} ${roomOf(file)} may not import ${target} (it may import: ${allowed})`)
    }
  }
}

const readSource = (file: string): void => {
  const text = readFileSync(join(root, file), "utf8")
  graph.set(file, new Set())
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
  if (lines > maxLines) violations.push(`${name(file)}:${maxLines + 1}: ${lines} lines, at most ${maxLines}`)
  if (rooms[roomOf(file)] === undefined) {
    violations.push(`${name(file)}:1: room "${roomOf(file)}" is not in the table of scripts/check-imports.ts`)
  }
  for (const found of importsOf(text)) readImport(file, found)
}

/** Depth first; reports each cycle once, from its alphabetically first file. */
const findCycles = (): ReadonlyArray<string> => {
  const cycles = new Set<string>()
  const done = new Set<string>()
  const walk = (file: string, path: ReadonlyArray<string>): void => {
    const start = path.indexOf(file)
    if (start >= 0) {
      const cycle = path.slice(start)
      const first = cycle.indexOf(cycle.toSorted()[0] ?? file)
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
      cycles.add([...turned, turned[0]].join(" -> "))
    } else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) walk(next, [...path, file])
      done.add(file)
    }
  }
  for (const file of files) walk(file, [])
  return [...cycles]
}

for (const file of files) readSource(file)
violations.push(...findCycles().map((cycle) => `${name(cycle.split(" ")[0] ?? "")}:1: cycle ${cycle}`))

if (violations.length === 0) {
  console.log(`imports: ${files.length} files, no cycles, direction holds`)
} else {
  for (const violation of violations) console.error(violation)
  console.error(`imports: ${files.length} files, ${violations.length} violations`)
  process.exitCode = 1
}
