/**
 * Credentials of MCP servers: encrypted at rest, never returned, and readable by the runtime, also after a rotation.
 */
import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { describe, expect, inject, it } from "vitest"
import { Client, ofType, textOf, tokenFor } from "../support/chatClient.ts"
import { freshDatabase } from "../support/postgres.ts"
import { gatewayEnv, startGateway, temporaryFolder } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const canary = "canary-credential-8e2b"
const keys = { old: "only-for-tests-old-data-key-3hVq8ZtR1", new: "only-for-tests-new-data-key-7kXp2WmN5" }
const env: Record<string, string> = {}
const world = useWorld(() => env)

const server = {
  id: "m",
  name: "M",
  endpoint: "https://mcp.example/m",
  transport: "http",
  isConnected: true,
  availableTools: [],
}
const withKey = { ...server, authConfig: { headers: { authorization: `Bearer ${canary}` } } }

const create = async (mcpServers: ReadonlyArray<object> = [withKey]) =>
  (await world.client.json("POST", "/api/v1/agents", { name: "Helper", mcpServers })).data
const patch = (id: string, change: object) => world.client.json("PATCH", `/api/v1/agents/${id}`, change)
const ask = async (agentId: string) => {
  const body = { agentId, message: "hi" }
  const stream = await world.client.stream("POST", "/api/v1/chat/start", body)
  return { runId: stream.runId, frames: await stream.rest() }
}
/** The credentials that the runtime got last. */
const sent = async () => (await world.log()).executions.at(-1)?.body.available_mcp_servers[0].auth_config

const filesOf = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "latin1"))
    .join("")

const restartWith = async (change: Record<string, string>) => {
  for (const name of ["DATA_KEY", "DATA_KEYS_PREVIOUS"]) delete env[name]
  Object.assign(env, change)
  await world.restart()
}

const run = promisify(execFile)
const rotate = () =>
  run(process.execPath, ["src/cli/main.ts", "secrets", "rotate"], {
    env: gatewayEnv({ DATA_DIR: world.folder.path, RUNTIME_SERVICE_URL: world.runtime.url, ...env }),
  })

describe("the credentials of MCP servers", () => {
  it("X6: reach the runtime, and appear in no answer, file or log", async () => {
    const made = await create()
    expect(made.settings.mcpServers).toEqual([{ ...server, hasAuthConfig: true }])
    const { frames } = await ask(made.id)
    expect(frames.at(-1)?.event).toBe("done")
    expect(await sent()).toEqual(withKey.authConfig)
    const got = await world.client.json("GET", `/api/v1/agents/${made.id}`)
    const list = await world.client.json("GET", "/api/v1/agents")
    const answers = JSON.stringify([made, got, list, frames])
    for (const text of [answers, filesOf(world.folder.path), world.gateway.output()]) {
      expect(text).not.toContain(canary)
    }
    expect(answers).not.toContain("$sealed")
  })

  it("stay stored if a request omits them, are removed by null, and are never sent to a changed address", async () => {
    const { id, settings } = await create()
    const kept = await patch(id, { systemPrompt: "Be brief.", mcpServers: settings.mcpServers })
    expect(kept.data.settings.mcpServers[0].hasAuthConfig).toBe(true)
    await ask(id)
    expect(await sent()).toEqual(withKey.authConfig)
    const renamed = await patch(id, { name: "Other" })
    expect(renamed.data.settings.mcpServers[0].hasAuthConfig).toBe(true)
    const moved = await patch(id, { mcpServers: [{ ...server, endpoint: "https://other.example/" }] })
    expect(moved.data.settings.mcpServers[0].hasAuthConfig).toBe(false)
    await patch(id, { mcpServers: [withKey] })
    const removed = await patch(id, { mcpServers: [{ ...server, authConfig: null }] })
    expect(removed.data.settings.mcpServers[0].hasAuthConfig).toBe(false)
    await ask(id)
    expect(await sent()).toBeUndefined()
  })

  it("are encrypted for every value, also for one that looks encrypted", async () => {
    const authConfig = { $sealed: "v1.00000000.AAAA" }
    const { id } = await create([{ ...server, authConfig }])
    await ask(id)
    expect(await sent()).toEqual(authConfig)
  })

  it.each([
    ["https://user:hunter2@mcp.example/", "without user name and password"],
    ["http://169.254.169.254/latest/meta-data/", "public host"],
    ["http://[::ffff:10.0.0.7]/", "public host"],
    ["http://db.internal:5432/", "public host"],
    ["file:///etc/passwd", "http:// or https://"],
  ])("are refused for %s, and the answer does not repeat them", async (endpoint, why) => {
    const body = { name: "Helper", mcpServers: [{ ...withKey, endpoint }] }
    const response = await world.client.request("POST", "/api/v1/agents", body)
    const text = await response.text()
    expect(response.status).toBe(400)
    const { error } = JSON.parse(text)
    expect(error.details).toEqual([
      { path: "payload.mcpServers.0.endpoint", message: expect.stringContaining(why) },
    ])
    for (const word of ["hunter2", "169.254", "ffff", "db.internal", "passwd", canary])
      expect(text).not.toContain(word)
  })
})

describe("the data key", () => {
  it("may be set later and rotated; the re-encrypt command makes the old key unnecessary", async () => {
    const { id } = await create()
    await restartWith({ DATA_KEY: keys.old })
    await ask(id)
    expect(await sent()).toEqual(withKey.authConfig)
    await world.gateway.stop()
    Object.assign(env, { DATA_KEY: keys.new, DATA_KEYS_PREVIOUS: keys.old })
    expect((await rotate()).stdout).toMatch(/^\d+ of \d+ values encrypted again .*; 0 cannot be decrypted\n$/)
    await restartWith({ DATA_KEY: keys.new })
    await ask(id)
    expect(await sent()).toEqual(withKey.authConfig)
  })

  it("if lost, leaves agents readable, and moves their turns to the other mode with a code of its own", async () => {
    const { id } = await create()
    const other = await create([server])
    await restartWith({ DATA_KEY: "only-for-tests-wrong-data-key-9dLs4QyB6" })
    const { data } = await world.client.json("GET", `/api/v1/agents/${id}`)
    expect(data.settings.mcpServers).toEqual([{ ...server, hasAuthConfig: true }])
    const { frames, runId } = await ask(id)
    expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("AGENT_MISCONFIGURED")
    expect(textOf(frames)).toBe("direct answer")
    expect((await world.log()).executions).toEqual([])
    expect((await world.run(runId)).attempts[0]).toMatchObject({
      outcome: "neutral",
      failure: "mcp_credentials_unreadable",
    })
    expect(world.gateway.output()).toMatch(/cannot be decrypted \(key [0-9a-f]{8}\).*DATA_KEYS_PREVIOUS/)
    expect(world.gateway.output()).toContain(id)
    expect((await ask(other.id)).frames.at(-1)?.data.executionMode).toBe("runtime_orchestrator")
    await patch(id, { mcpServers: [withKey] })
    await ask(id)
    expect(await sent()).toEqual(withKey.authConfig)
  })
})

describe("an MCP address that is no longer allowed", () => {
  it("is reported at startup, and keeps its agent's turns off the runtime", async () => {
    await restartWith({ MCP_ALLOWED_HOSTS: "tools.internal" })
    const { id } = await create([{ ...server, endpoint: "http://tools.internal/" }])
    expect((await ask(id)).frames.at(-1)?.data.executionMode).toBe("runtime_orchestrator")
    await restartWith({ MCP_ALLOWED_HOSTS: "" })
    expect(world.gateway.output()).toContain("the addresses of 1 MCP servers are not allowed")
    const { frames, runId } = await ask(id)
    expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("AGENT_MISCONFIGURED")
    expect((await world.run(runId)).attempts[0].failure).toBe("mcp_address_refused")
    expect(JSON.stringify(frames)).not.toContain("tools.internal")
  })
})

describe.skipIf(inject("postgresUrl") === undefined)("production over PostgreSQL without DATA_KEY", () => {
  it("starts and accepts agents, but refuses to store credentials and names the missing variable", async () => {
    const folder = temporaryFolder()
    const url = await Effect.runPromise(Effect.scoped(freshDatabase(inject("postgresUrl")!)))
    const gateway = await startGateway({
      NODE_ENV: "production",
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(url),
      RUNTIME_SERVICE_URL: world.runtime.url,
    })
    try {
      const client = new Client(gateway.url, await tokenFor())
      const make = (mcpServers: ReadonlyArray<object>) =>
        client.request("POST", "/api/v1/agents", { name: "Helper", mcpServers })
      expect((await make([server])).status).toBe(200)
      const refused = await make([withKey])
      expect(refused.status).toBe(503)
      expect(((await refused.json()) as { error: object }).error).toMatchObject({
        code: "SECRETS_UNAVAILABLE",
        message: expect.stringContaining("DATA_KEY"),
      })
      expect(readdirSync(folder.path)).not.toContain("data-key")
    } finally {
      await gateway.stop("SIGKILL")
      folder.dispose()
    }
  })
})
