/** Two linters of other projects read the served API description. They use no network and report nothing. */
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
const file = join(folder.path, "openapi.json")
let gateway: Running

beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder.path })
  writeFileSync(file, await (await fetch(`${gateway.url}/openapi.json`)).text())
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const run = (program: string, args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: unknown; readonly output: string }>((done) => {
    const env = { PATH: process.env["PATH"], HOME: folder.path, REDOCLY_TELEMETRY: "off", CI: "true" }
    execFile(join("node_modules", ".bin", program), args, { env }, (failure, out, error) =>
      done({ code: failure === null ? 0 : failure.code, output: `${out}${error}` }),
    )
  })

describe("the API description", () => {
  it("has no error and no warning by the recommended rules of Redocly", async () => {
    const { code, output } = await run("redocly", ["lint", "--config", "test/api/redocly.yaml", file])
    expect([code, output]).toEqual([0, expect.stringContaining("Your API description is valid")])
    expect(output).not.toContain("warning")
  }, 60_000)

  it("has no error and no warning by the rules of Spectral", async () => {
    const { code, output } = await run("spectral", [
      "lint",
      "--fail-severity",
      "warn",
      "--ruleset",
      "test/api/spectral.yaml",
      file,
    ])
    expect([code, output]).toEqual([0, expect.stringContaining("No results")])
  }, 60_000)
})
