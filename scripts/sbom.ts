/**
 * Prints the software bill of materials of the service as CycloneDX JSON: every package that it runs with, from the
 * lock file, with version, licence and SHA-512. `npm run -s sbom > sbom.json`.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

const args = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--package-lock-only"]

interface Component {
  readonly "bom-ref": string
  readonly name: string
  readonly version: string
}

interface Dependency {
  readonly ref: string
  readonly dependsOn: ReadonlyArray<string>
}

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"))

/**
 * As `name@version`, without the workspace of the toolchain, which the package does not contain. npm's own
 * `--omit=dev` leaves out packages that are also peers of a tool, `effect` among them.
 */
const shipped = (): ReadonlySet<string> => {
  const packages: Readonly<
    Record<string, { version?: string; dev?: boolean; link?: boolean; optional?: boolean }>
  > = json("package-lock.json").packages
  return new Set(
    Object.entries(packages)
      .filter(([path]) => path.startsWith("node_modules/"))
      .filter(([, { dev, link, optional }]) => dev !== true && link !== true && optional !== true)
      .map(([path, { version }]) => `${path.split("node_modules/").at(-1)}@${version}`),
  )
}

export const sbom = () => {
  const found = JSON.parse(execFileSync("npm", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }))
  const kept = shipped()
  const components: ReadonlyArray<Component> = found.components.filter(({ name, version }: Component) =>
    kept.has(`${name}@${version}`),
  )
  const refs = new Set([found.metadata.component["bom-ref"], ...components.map((one) => one["bom-ref"])])
  const dependencies = found.dependencies
    .filter(({ ref }: Dependency) => refs.has(ref))
    .map((one: Dependency) => ({ ...one, dependsOn: one.dependsOn.filter((ref) => refs.has(ref)) }))
  // npm takes the name of the folder.
  found.metadata.component.name = json("package.json").name
  return { ...found, components, dependencies }
}

if (import.meta.main) console.log(JSON.stringify(sbom(), undefined, 2))
