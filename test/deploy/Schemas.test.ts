/** The files of `docs/deploy` against the schemas and checkers of the programs that read them. */
import { spawnSync } from "node:child_process"
import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { temporaryFolder } from "../support/processes.ts"
import { checkers, container, folder, inUnit, manifests, read, unit, yaml } from "./deployFiles.ts"

describe("schemas", () => {
  const own = temporaryFolder()
  afterAll(own.dispose)

  const kubernetes = (file: string) =>
    spawnSync(join(checkers, "kubernetes-validate"), ["--strict", "--quiet", file], {
      encoding: "utf8",
    })

  it.each([...manifests, "secret.example.yaml"])("Kubernetes accepts %s, with no unknown field", (file) => {
    const found = kubernetes(join(folder, "kubernetes", file))
    expect([found.error, found.status, found.stdout, found.stderr]).toEqual([undefined, 0, "", ""])
  })

  it("Kubernetes' checker finds a wrong field", () => {
    const file = join(own.path, "service.yaml")
    writeFileSync(file, read("kubernetes/service.yaml").replace("targetPort", "targetsPort"))
    expect(kubernetes(file).status).not.toBe(0)
  })

  it("kustomization.yaml names every manifest but the secret, and the Deployment's image", () => {
    const files = readdirSync(join(folder, "kubernetes"))
    expect([...manifests, "kustomization.yaml", "secret.example.yaml"].toSorted()).toEqual(files.toSorted())
    expect(yaml("kubernetes/kustomization.yaml").images[0].name).toBe(container.image)
  })

  /** `quiet`: the specification's schema and the safety rules, without style rules. */
  const dclint = (file: string) =>
    spawnSync(process.execPath, ["node_modules/dclint/bin/dclint.cjs", "--quiet", file], { encoding: "utf8" })

  it.each([join(folder, "compose.yaml"), "docs/observability/compose.yaml"])(
    "%s is a compose file",
    (file) => {
      const found = dclint(file)
      expect([found.status, found.stdout.trim()]).toEqual([0, ""])
    },
  )

  it("compose's checker finds a wrong field", () => {
    const file = join(own.path, "compose.yaml")
    writeFileSync(file, read("compose.yaml").replaceAll("stop_grace_period", "stop_grace_time"))
    expect(dclint(file).status).not.toBe(0)
  })

  it("systemd accepts the unit, and rates it as hardened", () => {
    const file = join(own.path, "crossfade.service")
    // Node in /usr/bin is the only program that may be missing on this machine.
    writeFileSync(file, unit.replace("ExecStart=/usr/bin/node", `ExecStart=${process.execPath}`))
    const verify = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" })
    expect([verify.status, verify.stderr.split("\n").filter((line) => line.includes("crossfade"))]).toEqual([
      0,
      [],
    ])
    // On its scale, from 0 to 100, a unit without any hardening scores 96.
    const security = ["security", "--offline=yes", "--no-pager", "--threshold=20", file]
    expect(spawnSync("systemd-analyze", security).status).toBe(0)
    expect(inUnit("ExecStart")[0]?.split(" ").slice(1)).toEqual([
      "--disable-warning=ExperimentalWarning",
      "/opt/crossfade/dist/cli/main.js",
      "serve",
    ])
  })
})
