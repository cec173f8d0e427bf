/** Clients of other languages, as processes: `httpx-sse` of Python and `go-sse`. */
import { execFile } from "node:child_process"
import { resolve } from "node:path"
import { promisify } from "node:util"
import { describe, it } from "vitest"
import { useWorld } from "../support/world.ts"
import { present } from "./present.ts"
import { type Dispatched, type Read, readsOverCuts } from "./readers.ts"

const world = useWorld({ SSE_HEARTBEAT_INTERVAL_MS: "70" })
const cache = resolve(import.meta.dirname, "../../.cache")

const reading =
  (command: string, before: ReadonlyArray<string>, after: ReadonlyArray<string> = []): Read =>
  async (url, token) => {
    const { stdout } = await promisify(execFile)(command, [...before, url, token, ...after], {
      timeout: 20_000,
    })
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Dispatched)
  }

const python = resolve(cache, "httpx-sse/bin/python")
const goReader = resolve(cache, "go-sse/reader")

// They start as processes and wait before they reconnect.
const patient = { timeout: 60_000 }

describe.skipIf(!present(python, "scripts/setup-tests"))("a Python client", patient, () => {
  const script = resolve(import.meta.dirname, "httpx-sse/reader.py")
  it.each([
    ["sse", "httpx-sse"],
    ["lines", "httpx's iter_lines, which ends lines where JavaScript does not"],
  ])("%s: reads a run over two cuts and stops at its end, with %s", (how) =>
    readsOverCuts(world, reading(python, [script], [how])),
  )
})

describe.skipIf(!present(goReader, "scripts/setup-go-sse"))("go-sse", patient, () => {
  it("reads a run over two cuts and stops at its end", () => readsOverCuts(world, reading(goReader, [])))
})
