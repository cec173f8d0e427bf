/** The parsed files of `docs/deploy`, for the tests of this folder. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"

export const folder = "docs/deploy"
export const read = (file: string) => readFileSync(join(folder, file), "utf8")

/** `scripts/setup-tests` installs the programs that check these files here. */
export const checkers = ".cache/deploy-checkers/bin"

/** PyYAML, because the checkers install it. */
const toJson = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)"

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever the file says
export const yaml = (file: string): any =>
  JSON.parse(execFileSync(join(checkers, "python"), ["-c", toJson, join(folder, file)], { encoding: "utf8" }))

export const compose = yaml("compose.yaml")
export const gateways = Object.entries<Record<string, never>>(compose.services).filter(([name]) =>
  /^gateway-\d$/.test(name),
)
export const manifests = yaml("kubernetes/kustomization.yaml").resources as ReadonlyArray<string>
export const manifest = (name: string) => yaml(`kubernetes/${name}.yaml`)
export const pod = manifest("deployment").spec.template.spec
export const [container] = pod.containers
export const config: Readonly<Record<string, string>> = manifest("config").data
export const unit = read("systemd/crossfade.service")

/** Assignments of a file that systemd or compose reads. */
export const assignments = (file: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from(read(file).matchAll(/^([A-Z_]+)=(.*)$/gm), ([, name = "", value = ""]) => [name, value]),
  )

export const seconds = (text: string): number => Number(/^(\d+)s$/.exec(text)?.[1])

export const inUnit = (name: string): ReadonlyArray<string> =>
  Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm")), ([, value = ""]) => value)
