import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { configuration, events, metrics, protocols, providers, wires } from "../../scripts/docs-reference.ts"
import * as Effect from "effect/Effect"
import { commandLine } from "../../scripts/cli-page.ts"
import { faults } from "../../scripts/faults-page.ts"
import { statusOfCode } from "../../src/protocol/PublicError.ts"
import { variables } from "../../src/config/Config.ts"
import type { Variable } from "../../src/config/ConfigVariable.ts"
import { causeCodes } from "../../src/telemetry/FailureCodes.ts"

const pages = ["README.md", ...globSync("docs/**/*.md")]

/** Targets of links to files of this repository: no scheme, not only a fragment; code blocks are left out. */
const links = (page: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(page, "utf8")
      .replace(/^```[\s\S]*?^```/gm, "")
      .matchAll(/\]\(([^)\s]+)\)/g),
    ([, target = ""]) => target,
  ).filter((target) => !/^([a-z]+:|#)/.test(target))

/** GitHub's rule: lower case, spaces to hyphens, everything else but letters, digits, `-` and `_` removed. */
const anchors = (page: string): ReadonlyArray<string> =>
  Array.from(readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm), ([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  )

describe("the documents", () => {
  it("match the configuration, the events and the metrics of the code (node scripts/docs-reference.ts prints them)", async () => {
    expect(readFileSync("docs/reference/configuration.md", "utf8")).toBe(configuration())
    expect(readFileSync("docs/reference/events.md", "utf8")).toBe(events())
    expect(readFileSync("docs/reference/metrics.md", "utf8")).toBe(metrics())
    const page = readFileSync("docs/reference/providers.md", "utf8")
    expect(page).toBe(providers(page))
    expect(readFileSync("docs/reference/wires.md", "utf8")).toBe(wires())
    expect(readFileSync("docs/reference/protocols.md", "utf8")).toBe(protocols())
    expect(readFileSync("docs/reference/faults.md", "utf8")).toBe(faults())
    expect(readFileSync("docs/reference/cli.md", "utf8")).toBe(await Effect.runPromise(commandLine))
  })

  it("name variables with the defaults of the code, in the cutover guide too", () => {
    const rows = readFileSync("docs/chat-runtime-cutover.md", "utf8").matchAll(
      /^\| `([A-Z_]+)` \| (\S+) \|/gm,
    )
    const shown = Array.from(rows, ([, name = "", text = ""]) => [
      name,
      text === "empty" ? "" : text.slice(1, -1),
    ])
    const known: Readonly<Record<string, Variable<unknown>>> = variables
    expect(shown.length).toBeGreaterThan(0)
    expect(shown).toEqual(shown.map(([name = ""]) => [name, known[name]?.default]))
  })

  it("tell clients how to handle every error code, with its status", () => {
    const page = readFileSync("docs/reference/errors.md", "utf8")
    const missing = Object.entries(statusOfCode).filter(([code, status]) => {
      const row = page.split("\n").find((line) => line.includes(`\`${code}\``))
      return row?.includes(String(status)) !== true
    })
    expect(missing).toEqual([])
    expect(causeCodes.filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })

  it.each(pages)("%s links to files and headings that exist", (page) => {
    const broken = links(page).filter((link) => {
      const [file = "", anchor] = link.split("#")
      const path = join(dirname(page), file)
      return !existsSync(path) || (anchor !== undefined && !anchors(path).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  it("keep the README to about one screen", () => {
    expect(readFileSync("README.md", "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(80)
  })
})
