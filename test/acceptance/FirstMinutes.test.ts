/** The first minutes with the service, as `npm start` runs it: the sandbox, a file `.env`, and the log. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { start, temporaryFolder } from "../support/processes.ts"

const folders: Array<ReturnType<typeof temporaryFolder>> = []
const folder = () => {
  const made = temporaryFolder()
  folders.push(made)
  return made.path
}
afterAll(() => folders.forEach((one) => one.dispose()))

const ownPorts = { PORT: "0", SANDBOX_RUNTIME_PORT: "0", SANDBOX_MODEL_PORT: "0" }

/** The command of `npm start`, in a folder of its own. */
const npmStart = (cwd: string, env: Readonly<Record<string, string>> = {}) =>
  start(
    process.execPath,
    ["--env-file-if-exists=.env", resolve("src/main.ts")],
    { PATH: process.env["PATH"], ...env },
    (line) => /Crossfade listens on (http:\S+)/.exec(line)?.[1],
    20_000,
    cwd,
  )

const sandboxOf = async (
  url: string,
): Promise<{ readonly runtimeUrl: string; readonly modelUrl: string }> => {
  const answer = await fetch(`${url}/api/v1/health/ready`)
  return ((await answer.json()) as { data: { sandbox: { runtimeUrl: string; modelUrl: string } } }).data
    .sandbox
}

describe("npm start", () => {
  it("reads .env, warns of a misspelt variable, and shows no secret of the file", async () => {
    const cwd = folder()
    const lines = [
      "CHAT_EXECUTON_MODE=direct_llm",
      "AUTH_JWT_SECRET=canary-of-the-signing-secret-0000",
      "LOG_LEVEL=debug",
    ]
    writeFileSync(join(cwd, ".env"), lines.join("\n"))
    const gateway = await npmStart(cwd, ownPorts)
    await gateway.stop()
    expect(gateway.output()).toContain(
      "CHAT_EXECUTON_MODE has no effect: no variable has this name. Did you mean CHAT_EXECUTION_MODE?",
    )
    expect(gateway.output()).not.toContain("#token=")
    expect(gateway.output()).not.toContain("canary")
  })

  it("moves the sandbox from a taken default port, and names the real ones everywhere", async () => {
    const taken = createServer().listen(8801, "127.0.0.1")
    // Another program may have it already, which is the same to the sandbox.
    await new Promise((settled) => {
      taken.once("listening", settled).once("error", settled)
    })
    const gateway = await npmStart(folder(), { PORT: "0", SANDBOX_MODEL_PORT: "0" })
    const { modelUrl, runtimeUrl } = await sandboxOf(gateway.url)
    const page = await fetch(gateway.url)
    await gateway.stop()
    taken.close()
    expect(runtimeUrl).not.toBe("http://127.0.0.1:8801")
    expect(gateway.output()).toContain(`port 8801 is in use, so the sandbox runtime takes ${runtimeUrl}`)
    expect(gateway.output()).toContain(`  runtime ${runtimeUrl}   model ${modelUrl}`)
    expect(page.headers.get("content-security-policy")).toContain(
      `connect-src 'self' ${runtimeUrl} ${modelUrl}`,
    )
  })

  it("names the variable of a sandbox port that is set and taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    const address = taken.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const env = { ...ownPorts, SANDBOX_MODEL_PORT: String(port) }
    await expect(npmStart(folder(), env)).rejects.toThrow(`Set SANDBOX_MODEL_PORT to a free port`)
    taken.close()
  })

  it("writes only JSON to stdout with LOG_FORMAT=json, so that the log queries work", async () => {
    const env = { PATH: process.env["PATH"], ...ownPorts, LOG_FORMAT: "json" }
    const child = spawn(process.execPath, [resolve("src/main.ts")], { cwd: folder(), env })
    let stdout = ""
    let stderr = ""
    child.stderr.on("data", (chunk) => (stderr += chunk))
    await new Promise<void>((listening) =>
      child.stdout.on("data", (chunk) => {
        stdout += chunk
        if (stdout.includes("listens on")) listening()
      }),
    )
    child.kill()
    await once(child, "close")
    const messages = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).message)
    expect(messages).toContainEqual(expect.stringMatching(/^Crossfade listens on http/))
    expect(stdout).not.toContain("#token=")
    expect(stderr).toContain("#token=")
  })

  it("runs the commands of the playbook's second week", async () => {
    const cwd = folder()
    const gateway = await npmStart(cwd, ownPorts)
    const [, token] = /#token=(\S+)/.exec(gateway.output()) ?? []
    const call = async (path: string, body?: unknown) => {
      const answer = await fetch(`${gateway.url}/api/v1/runtime/${path}`, {
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      })
      return (
        (await answer.json()) as { data?: { status?: string; percentage?: number; defaultMode?: string } }
      ).data
    }
    expect(await call("rollout")).toMatchObject({ defaultMode: "runtime_orchestrator" })
    expect(await call("autopilot", { reason: "week 2" })).toMatchObject({ status: "running", percentage: 1 })
    expect(await call("rollout")).toMatchObject({ defaultMode: "direct_llm", percentage: 1 })
    expect(await call("autopilot/pause", { reason: "a complaint" })).toMatchObject({ status: "paused" })
    expect(await call("autopilot/resume", {})).toMatchObject({ status: "running" })
    expect(await call("autopilot/abort", { reason: "next month" })).toMatchObject({ status: "aborted" })
    await gateway.stop()
  })
})
