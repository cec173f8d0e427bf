/** The views of operators: their addresses, and the checks that each of them must pass. */
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"
import { expect } from "vitest"

const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8")
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

interface Violation {
  readonly id: string
  readonly nodes: ReadonlyArray<{ readonly html: string }>
}

/** The violations of axe-core, each with its elements. */
export const violationsOf = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe)
  const found = await page.evaluate(
    (runOnly) =>
      (
        globalThis as unknown as {
          axe: {
            run: (of: unknown, options: unknown) => Promise<{ violations: ReadonlyArray<Violation> }>
          }
        }
      ).axe.run((globalThis as unknown as { document: unknown }).document, { runOnly }),
    rules,
  )
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)
}

/** The page and its view fit their width; wide tables scroll in their own frames. */
export const expectNoOverflow = async (page: Page): Promise<void> => {
  const widths = await page.evaluate(`(() => {
    const main = document.querySelector("main")
    return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth]
  })()`)
  expect(widths).toEqual([0, 0])
}
