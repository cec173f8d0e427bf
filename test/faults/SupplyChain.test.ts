import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

interface Locked {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync("package-lock.json", "utf8"),
)
const packages = Object.entries(lock.packages).filter(([path]) => path !== "")

it("X12: every package is pinned by its hash and comes from a registry", () => {
  const loose = packages.filter(
    ([, { integrity, resolved }]) =>
      integrity?.startsWith("sha512-") !== true ||
      (resolved !== undefined && !resolved.startsWith("https://")),
  )
  expect(packages.length).toBeGreaterThan(50)
  expect(loose.map(([path]) => path)).toEqual([])
})

it("X12: no package runs a script when it is installed, save those that are known to", () => {
  const running = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true)
  expect(running.map(([path]) => path).toSorted()).toEqual([])
})
