/** Each view loads its style sheet into the one page, where it stays: a rule of one view must not reach another. */
import { globSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { expect, it } from "vitest"

const folder = "src/console"
/** The classes of the first two are for all views; the last one is the output of the build. */
const others = [`${folder}/styles`, `${folder}/kit`, `${folder}/built`]

const selectorsOf = (file: string): ReadonlyArray<string> =>
  readFileSync(file, "utf8")
    .replaceAll(/\/\*.*?\*\//gs, "")
    .matchAll(/([^{}]+)\{/g)
    .flatMap(([, list = ""]) => (list.trim().startsWith("@") ? [] : list.split(",")))
    .map((selector) => selector.trim())
    .toArray()

/** The classes of the element that a selector styles. */
const subjectOf = (selector: string): ReadonlyArray<string> =>
  (selector.split(/[\s>+~]+/).at(-1) ?? "").match(/(?<=\.)[A-Za-z][\w-]*/g) ?? []

const isAlone = (selector: string): boolean => !/[\s>+~]/.test(selector) && subjectOf(selector).length === 1

it("a class with a rule of its own in one view is a class of no other view", () => {
  const owners = new Map<string, Set<string>>()
  const users = new Map<string, Set<string>>()
  const note = (map: Map<string, Set<string>>, name: string, place: string) =>
    map.set(name, (map.get(name) ?? new Set()).add(place))
  for (const file of globSync(`${folder}/*/*.css`).filter((file) => !others.includes(dirname(file))))
    for (const selector of selectorsOf(file))
      for (const name of subjectOf(selector)) {
        note(users, name, dirname(file))
        if (isAlone(selector)) note(owners, name, dirname(file))
      }
  expect(owners.size).toBeGreaterThan(50)
  expect([...owners.keys()].filter((name) => (users.get(name)?.size ?? 0) > 1)).toEqual([])
})
