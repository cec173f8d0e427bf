/** The checks that each view of the console must pass. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"
import { expect } from "vitest"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

interface Violation {
  readonly id: string
  readonly nodes: ReadonlyArray<{ readonly html: string }>
}

/** The rules of axe-core that the page breaks, each with its elements. */
export const violationsOf = async (page: Page): Promise<ReadonlyArray<string>> => {
  // The policy of the page refuses script elements, but not an evaluation by the debugger.
  await page.evaluate(axe)
  const found: { readonly violations: ReadonlyArray<Violation> } = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] })`,
  )
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`,
  )
}

/** The page and its view fit their width; wide tables scroll in their own frames. */
export const expectNoOverflow = async (page: Page): Promise<void> => {
  const widths = await page.evaluate(`[document.documentElement, document.querySelector("main")].map(
    (element) => element.scrollWidth - element.clientWidth,
  )`)
  expect(widths).toEqual([0, 0])
}
