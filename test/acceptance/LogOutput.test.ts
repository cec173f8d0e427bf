import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { openSync } from "node:fs"
import { createInterface } from "node:readline"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { gatewayEnv, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let model: Model
let gateway: ChildProcess
let client: Client
beforeAll(async () => {
  model = await startModel()
})
afterEach(async () => {
  if (gateway.exitCode !== null || gateway.signalCode !== null) return
  gateway.kill("SIGKILL")
  await once(gateway, "exit")
})
afterAll(async () => {
  await model.stop()
  folder.dispose()
})

/** Its output on stdout cannot be awaited here. */
const startWith = async (stdout: "pipe" | number): Promise<void> => {
  const port = await freePort()
  const env = {
    DATA_DIR: folder.path,
    PORT: String(port),
    CHAT_EXECUTION_MODE: "direct_llm",
    LOG_CONTENT: "true",
    DIRECT_LLM_PROVIDERS: "a",
    ...providerEnv("a", model.url),
  }
  gateway = spawn(process.execPath, ["src/main.ts"], {
    env: gatewayEnv(env),
    stdio: ["ignore", stdout, "ignore"],
  })
  client = new Client(`http://127.0.0.1:${port}`, await tokenFor())
  await eventually(
    async () => (await fetch(`${client.url}/api/v1/health/ready`).catch(() => undefined))?.ok,
    15,
  )
}

const turn = async (message: string): Promise<void> => {
  const frames = await (await client.start(message)).rest()
  expect(frames.at(-1)?.event).toBe("done")
}

const dropped = async (): Promise<number> => {
  const text = await (await fetch(`${client.url}/metrics`)).text()
  return Number(/^crossfade_log_lines_dropped_total (\d+)$/m.exec(text)?.[1])
}

describe("answers turns and counts the lost log lines,", () => {
  it("when the reader of stdout has gone", async () => {
    await startWith("pipe")
    gateway.stdout!.destroy()
    for (const message of ["one", "two", "three"]) await turn(message)
    await eventually(async () => (await dropped()) === 3)
  })

  it("when the disk is full", async () => {
    await startWith(openSync("/dev/full", "w"))
    for (const message of ["one", "two", "three"]) await turn(message)
    await eventually(async () => (await dropped()) === 3)
  })

  it("when stdout is not read, and writes lines again once it is read", async () => {
    await startWith("pipe")
    const long = "long ".repeat(18_000)
    for (let turns = 0; turns < 24; turns++) await turn(`${turns} ${long}`)
    expect(await dropped()).toBeGreaterThan(3)
    const read: Array<string> = []
    createInterface({ input: gateway.stdout! }).on("line", (line) => read.push(line))
    await eventually(async () => read.length >= 24 - (await dropped()))
    const before = await dropped()
    await turn("the last one")
    await eventually(async () => read.some((line) => line.includes("the last one")))
    expect(await dropped()).toBe(before)
  })
})
