/** The process and its environment: Node, open files, `.env`, and the configuration. */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { resolve } from "node:path"
import { getHeapStatistics } from "node:v8"
import type { ConfigInvalid, Settings } from "../../config/Config.ts"
import { reasonOf } from "../../domain/Reason.ts"
import { startWarnings } from "../StartWarnings.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const mebibyte = 1024 * 1024
/** Below it, a few large runs fill the memory. */
const leastHeapMb = 512

export const nodeFinding = (version: string, heapMb: number): Finding => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const seen = `Node ${version}, ${heapMb} MB of heap`
  if (major < 22 || (major === 22 && minor < 19)) return failed("node", seen, "Install Node 22.19 or newer.")
  return heapMb < leastHeapMb
    ? warning("node", seen, "Give the process more memory, or raise --max-old-space-size.")
    : ok("node", seen)
}

/** A stream takes a connection to its reader and one to its upstream. */
export const filesFinding = (open: number, maxStreams: number): Finding => {
  const wanted = maxStreams * 2 + 200
  const seen = `${open} files may be open`
  return open < wanted
    ? warning(
        "open files",
        `${seen}; MAX_STREAMS=${maxStreams} may need ${wanted}`,
        "Raise the limit (ulimit -n).",
      )
    : ok("open files", seen)
}

/** Undefined where the system does not tell it. */
const openFiles = (): number | undefined => {
  try {
    const text = /^Max open files\s+(\S+)/m.exec(Fs.readFileSync("/proc/self/limits", "utf8"))?.[1]
    return text === "unlimited" ? Number.POSITIVE_INFINITY : text === undefined ? undefined : Number(text)
  } catch {
    return undefined
  }
}

const envFile = (): Finding => {
  const path = resolve(".env")
  if (!Fs.existsSync(path)) return ok(".env", `there is no ${path}; only variables of the process count`)
  try {
    Fs.readFileSync(path)
    return ok(".env", `${path} is read; variables of the process override it`)
  } catch (error) {
    return failed(
      ".env",
      `${path} cannot be read: ${reasonOf(error)}`,
      "Make it a file that this user may read.",
    )
  }
}

const configuration = (
  settings: Settings | undefined,
  problems: ConfigInvalid["problems"],
): ReadonlyArray<Finding> => {
  const bad = problems.map(({ allowed, found, variable }) =>
    failed("configuration", `${variable}: found ${found}`, `Allowed: ${allowed}.`),
  )
  const warnings = settings === undefined ? [] : startWarnings(settings)
  const doubtful = warnings.map((line) =>
    warning(
      "configuration",
      line,
      "Correct or remove it. docs/reference/configuration.md lists all variables.",
    ),
  )
  const found = [...bad, ...doubtful]
  return found.length === 0
    ? [ok("configuration", `${settings?.given.size ?? 0} variables are set, all are usable`)]
    : found
}

export const checks = (
  settings: Settings | undefined,
  problems: ConfigInvalid["problems"],
): ReadonlyArray<Check> => [
  {
    name: "node",
    run: Effect.sync(() => {
      const heapMb = Math.round(getHeapStatistics().heap_size_limit / mebibyte)
      const open = openFiles()
      const files = open === undefined ? [] : [filesFinding(open, settings?.MAX_STREAMS ?? 0)]
      return [nodeFinding(process.versions.node, heapMb), ...files]
    }),
  },
  { name: ".env", run: Effect.sync(() => [envFile()]) },
  { name: "configuration", run: Effect.sync(() => configuration(settings, problems)) },
]
