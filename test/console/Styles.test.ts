/** A stylesheet stays in the page after its view is left, so a class of one view must not change another one. */
import { globSync, readFileSync } from "node:fs"
import { basename, dirname } from "node:path"
import { expect, it } from "vitest"

const sources = (ending: string) =>
  globSync(`src/console/**/*.${ending}`).filter((file) => !file.includes("/built/"))
const folderOf = (file: string) => basename(dirname(file))
const shared = new Set(["styles", "kit"])

/** Each class with the folders that write it into an element. */
const usedIn = () => {
  const used = new Map<string, Set<string>>()
  for (const file of sources("tsx").filter((file) => !shared.has(folderOf(file)))) {
    const text = readFileSync(file, "utf8").replaceAll(/\$\{[^}]*\}/g, " ")
    for (const [attribute] of text.matchAll(/class=(?:"[^"]*"|\{[^}]*\})/g))
      for (const [literal] of attribute.matchAll(/["`][^"`]*["`]/g))
        for (const name of literal.match(/[\w-]+/g) ?? [])
          used.set(name, (used.get(name) ?? new Set()).add(folderOf(file)))
  }
  return used
}

/** The first compounds of the selectors: they decide on which elements a rule can apply. */
const firstCompounds = (css: string): ReadonlyArray<string> =>
  [...css.replaceAll(/\/\*.*?\*\//gs, "").matchAll(/(?:^|[{}])\s*([^{}@%]+)\{/g)].flatMap(
    ([, selectors = ""]) => selectors.split(",").map((selector) => selector.trim().split(/[\s>+~]/)[0] ?? ""),
  )

it("styles the elements of its own view alone", () => {
  const used = usedIn()
  const leaks = sources("css")
    .filter((file) => !shared.has(folderOf(file)))
    .flatMap((file) =>
      firstCompounds(readFileSync(file, "utf8")).flatMap((compound) => {
        const classes = [...compound.matchAll(/\.([\w-]+)/g)].map(([, name = ""]) => name)
        const others = classes.map((name) =>
          [...(used.get(name) ?? [])].filter((one) => one !== folderOf(file)),
        )
        const isLeak = classes.length > 0 && others.every((folders) => folders.length > 0)
        return isLeak ? [`${file}: ${compound} is used in ${others[0]}`] : []
      }),
    )
  expect(leaks).toEqual([])
})
