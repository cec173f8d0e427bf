import { execFile } from "node:child_process"
import { resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, defaultAgent, operatorToken } from "../support/chatClient.ts"
import { as, createKey, keysPath, outcome } from "../support/keyClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running

beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder.path, CHAT_EXECUTION_MODE: "direct_llm" })
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const org = () => crypto.randomUUID()
const sessions = "/api/v1/chat/sessions"

describe("the management of API keys", () => {
  const ids = async (client: Client) =>
    (await client.json("GET", keysPath)).data.keys.map(({ id }: { id: string }) => id)

  it("lets users manage their own keys, administrators those of their organisation, and other callers none", async () => {
    const acme = org()
    const ana = await as(gateway.url, acme, "ana", ["chat:*", "sessions:*", "keys:*"])
    const bob = await as(gateway.url, acme, "bob", ["chat:*", "sessions:*", "keys:*"])
    const admin = await as(gateway.url, acme, "adele", ["keys:*", "admin:*"])
    const foreign = await as(gateway.url, org(), "ana", ["*"])
    const of = { ana: await createKey(ana), bob: await createKey(bob) }
    expect(await ids(ana)).toEqual([of.ana.id])
    expect(await ids(bob)).toEqual([of.bob.id])
    expect(await ids(admin)).toEqual([of.bob.id, of.ana.id])
    expect(await ids(foreign)).toEqual([])
    for (const client of [bob, foreign])
      expect(await outcome(client.request("DELETE", `${keysPath}/${of.ana.id}`))).toBe("404 KEY_NOT_FOUND")
    expect(await outcome(of.ana.client.request("GET", sessions))).toBe("200 ")
    // An administrator with read permission alone revokes only keys of their own.
    const reader = await as(gateway.url, acme, "rita", ["keys:*", "admin:read"])
    expect(await ids(reader)).toEqual([of.bob.id, of.ana.id])
    expect(await outcome(reader.request("DELETE", `${keysPath}/${of.ana.id}`))).toBe("404 KEY_NOT_FOUND")
    expect(await outcome(admin.request("DELETE", `${keysPath}/${of.ana.id}`))).toBe("200 ")
    expect(await outcome(of.ana.client.request("GET", sessions))).toBe("401 AUTH_KEY_REVOKED")
  })

  it("pages through a long list", async () => {
    const ana = await as(gateway.url, org(), "ana")
    const all: Array<string> = []
    for (let n = 0; n < 5; n++) all.unshift((await createKey(ana)).id)
    const read: Array<string> = []
    let query = "?limit=2"
    for (let page = 0; page < 3; page++) {
      const { hasMore, keys, nextCursor } = (await ana.json("GET", `${keysPath}${query}`)).data
      read.push(...keys.map(({ id }: { id: string }) => id))
      query = `?limit=2&cursor=${nextCursor}`
      expect([hasMore, nextCursor !== null]).toEqual([page < 2, page < 2])
    }
    expect(read).toEqual(all)
    for (const bad of ["?limit=0", "?limit=101", "?limit=x", "?cursor=x", `?cursor=${"k".repeat(300)}`])
      expect(await outcome(ana.request("GET", `${keysPath}${bad}`))).toBe("400 VALIDATION_FAILED")
  })

  it("creates no key with more rights than its creator has, directly or through another key", async () => {
    const acme = org()
    const ana = await as(gateway.url, acme, "ana", ["chat:*", "keys:write"])
    const refused = await ana.request("POST", keysPath, {
      name: "x",
      permissions: ["chat:read", "admin:read", "*"],
    })
    expect(await refused.json()).toMatchObject({
      error: { code: "AUTH_PERMISSION_DENIED", message: expect.stringContaining("you lack: admin:read, *.") },
    })
    for (const permissions of [["sessions:write"], ["keys:*"], ["operator:read"], undefined])
      expect(await outcome(ana.request("POST", keysPath, { name: "x", permissions }))).toBe(
        "403 AUTH_PERMISSION_DENIED",
      )
    const root = await as(gateway.url, acme, "root", ["*"])
    for (const permissions of [["operator:*"], ["*", "operator:read"]])
      expect(await outcome(root.request("POST", keysPath, { name: "x", permissions }))).toBe(
        "403 AUTH_PERMISSION_DENIED",
      )
    const expiresAt = Date.now() + 600_000
    const key = await createKey(root, {
      permissions: ["chat:*", "keys:*"],
      agents: [defaultAgent],
      expiresAt,
    })
    const with_ = async (asked: Record<string, unknown>) =>
      outcome(key.client.request("POST", keysPath, { name: "x", permissions: ["chat:read"], ...asked }))
    expect(await with_({ permissions: ["chat:*", "sessions:write"] })).toBe("403 AUTH_PERMISSION_DENIED")
    expect(await with_({ agents: ["00000000-0000-4000-8000-0000000000aa"] })).toBe("403 AUTH_AGENT_DENIED")
    expect(await with_({ expiresAt: expiresAt + 1 })).toBe("400 VALIDATION_FAILED")
    const child = await createKey(key.client, { permissions: ["keys:read"] })
    const [first] = (await child.client.json("GET", keysPath)).data.keys
    expect(first).toMatchObject({
      id: child.id,
      createdWith: key.id,
      agents: [defaultAgent],
      expiresAt,
      userId: "root",
    })
    const rated = await createKey(root, { permissions: ["keys:*"], ratePerMinute: 5 })
    expect(
      await outcome(rated.client.request("POST", keysPath, { name: "x", permissions: ["keys:read"] })),
    ).toBe("403 AUTH_PERMISSION_DENIED")
  })

  it("grants operators' rights only to keys that an operator created", async () => {
    const metrics = "/api/v1/runtime/metrics"
    const operator = new Client(gateway.url, await operatorToken(["operator:*", "keys:*"]))
    const key = await createKey(operator, { permissions: ["operator:read"] })
    expect(await outcome(key.client.request("GET", metrics))).toBe("200 ")
    const reset = key.client.request("POST", "/api/v1/runtime/fallback/reset")
    expect(await outcome(reset)).toBe("403 AUTH_PERMISSION_DENIED")
    // A tenant's token may name the permission, but it is ignored.
    const tenant = await as(gateway.url, org(), "root", ["*", "operator:*"])
    const asked = { name: "x", permissions: ["operator:read"] }
    expect(await outcome(tenant.request("POST", keysPath, asked))).toBe("403 AUTH_PERMISSION_DENIED")
    const all = await createKey(tenant, { permissions: ["*"] })
    expect(await outcome(all.client.request("GET", metrics))).toBe("403 AUTH_PERMISSION_DENIED")
    expect(await outcome(all.client.request("POST", keysPath, asked))).toBe("403 AUTH_PERMISSION_DENIED")
  })

  it("names the wrong field of a new key", async () => {
    const ana = await as(gateway.url, org(), "ana")
    const name = "x"
    const now = Date.now()
    for (const [asked, path] of [
      [{}, "payload.name"],
      [{ name: "" }, "payload.name"],
      [{ name: "   " }, "payload.name"],
      [{ name: "x".repeat(101) }, "payload.name"],
      [{ name: "a\nb" }, "payload.name"],
      [{ name: "a\u0000" }, "payload.name"],
      [{ name: "a\u001b[31m" }, "payload.name"],
      [{ name, permissions: [] }, "payload.permissions"],
      [{ name, permissions: ["chat"] }, "payload.permissions.0"],
      [{ name, permissions: ["CHAT:READ"] }, "payload.permissions.0"],
      [{ name, permissions: ["*:read"] }, "payload.permissions.0"],
      [{ name, permissions: ["chat:read "] }, "payload.permissions.0"],
      [{ name, permissions: Array(51).fill("chat:read") }, "payload.permissions"],
      [{ name, agents: [] }, "payload.agents"],
      [{ name, agents: ["x"] }, "payload.agents.0"],
      [{ name, agents: Array(51).fill(defaultAgent) }, "payload.agents"],
      [{ name, expiresAt: now - 1 }, "payload.expiresAt"],
      [{ name, expiresAt: Math.round(now / 1000) + 3600 }, "payload.expiresAt"],
      [{ name, expiresAt: 1.5 }, "payload.expiresAt"],
      [{ name, expiresAt: 1e300 }, "payload.expiresAt"],
      [{ name, expiresAt: "2030-01-01" }, "payload.expiresAt"],
      [{ name, ratePerMinute: 0 }, "payload.ratePerMinute"],
      [{ name, ratePerMinute: 1e9 }, "payload.ratePerMinute"],
      [{ name, ratePerMinutes: 5 }, "payload.ratePerMinutes"],
      [{ name, userId: "root" }, "payload.userId"],
    ] as const) {
      const answer = await ana.request("POST", keysPath, asked)
      const { error } = JSON.parse(await answer.text())
      expect([asked, answer.status, error?.details?.[0]?.path]).toEqual([asked, 400, path])
    }
    expect(await outcome(ana.request("DELETE", `${keysPath}/nope`))).toBe("400 VALIDATION_FAILED")
    expect(await outcome(ana.request("DELETE", `${keysPath}/key_${"0".repeat(32)}`))).toBe(
      "404 KEY_NOT_FOUND",
    )
    expect(await ids(ana)).toEqual([])
  })

  it("is recorded in the audit, with the key that was used, and without any key's text", async () => {
    const acme = org()
    const ana = await as(gateway.url, acme, "ana")
    const key = await createKey(ana, { permissions: ["keys:*"] })
    const child = await createKey(key.client, { permissions: ["keys:read"] })
    await ana.json("DELETE", `${keysPath}/${child.id}`)
    const operator = new Client(gateway.url, await operatorToken())
    const text = await (await operator.request("GET", "/api/v1/runtime/audit?limit=200")).text()
    // oxlint-disable-next-line typescript/no-explicit-any -- entries as the API shows them
    const entries = JSON.parse(text).data.entries.filter(({ by }: any) => by.orgId === acme)
    expect(entries).toMatchObject([
      {
        action: "key.revoke",
        by: { userId: "ana" },
        before: { id: child.id },
        after: { revokedAt: expect.any(Number) },
      },
      {
        action: "key.create",
        by: { userId: "ana", keyId: key.id },
        after: { id: child.id, createdWith: key.id },
      },
      { action: "key.create", by: { userId: "ana", requestId: expect.any(String) }, after: { id: key.id } },
    ])
    expect(entries[2].by).not.toHaveProperty("keyId")
    for (const { key: secret } of [key, child]) expect(text).not.toContain(secret.slice(9))
  })
})

describe("crossfade keys", () => {
  const run = (args: ReadonlyArray<string>, token: string) =>
    new Promise<{ readonly code: number; readonly out: string; readonly error: string }>((done) => {
      const env = { PATH: process.env["PATH"], CROSSFADE_TOKEN: token }
      execFile(
        process.execPath,
        [resolve("src/cli/main.ts"), "keys", ...args],
        { env },
        (failure, out, error) =>
          done({ code: typeof failure?.code === "number" ? failure.code : 0, out, error }),
      )
    })

  it("creates, lists and revokes keys of a running service", async () => {
    const ana = await as(gateway.url, org(), "ana")
    const url = ["--url", `${gateway.url}/`]
    const limits = [
      "--permissions",
      "chat:*,sessions:write",
      "--agents",
      defaultAgent,
      "--expires",
      "90d",
      "--rate",
      "60",
    ]
    const created = await run(["create", "--name", "nightly", ...limits, ...url], ana.token)
    expect(created).toMatchObject({ code: 0, out: expect.stringMatching(/^sk-[A-Za-z0-9_-]{43}\n$/) })
    const key = created.out.trim()
    const id = /key_[0-9a-f]{32}/.exec(created.error)?.[0] ?? ""
    const [stored] = (await ana.json("GET", keysPath)).data.keys
    expect(stored).toMatchObject({ id, agents: [defaultAgent], ratePerMinute: 60 })
    expect(stored.expiresAt - stored.createdAt).toBeGreaterThan(90 * 86_400_000 - 120_000)
    await (await new Client(gateway.url, key).start("Hello")).rest()

    for (let n = 0; n < 101; n++) await createKey(ana)
    const listed = await run(["list", ...url], ana.token)
    expect(listed.out.split("\n")).toHaveLength(104)
    expect(listed.out).toMatch(
      new RegExp(`^${id}  ${key.slice(0, 9)}…  active .*1 agent, 60/min.*nightly$`, "m"),
    )
    expect(await run(["revoke", id, "--yes", ...url], ana.token)).toMatchObject({ code: 0, error: "" })
    expect(await outcome(new Client(gateway.url, key).request("GET", sessions))).toBe("401 AUTH_KEY_REVOKED")
    expect((await run(["list", ...url], ana.token)).out).toMatch(new RegExp(`^${id} .* revoked `, "m"))
  }, 60_000)

  it("explains a failure in the service's words", async () => {
    const url = ["--url", gateway.url]
    const reader = await as(gateway.url, org(), "ana", ["keys:read"])
    const denied = await run(["create", "--name", "x", ...url], reader.token)
    expect(denied).toMatchObject({ code: 1, out: "" })
    expect(denied.error).toBe("The token lacks: keys:write. (403 AUTH_PERMISSION_DENIED)\n")
    const unknown = await run(["list", ...url], `sk-${"x".repeat(43)}`)
    expect(unknown).toMatchObject({ code: 1, error: "There is no such API key. (401 AUTH_KEY_INVALID)\n" })
    const away = await run(["list", "--url", "http://127.0.0.1:9"], reader.token)
    expect(away).toMatchObject({ code: 3, error: expect.stringContaining("ECONNREFUSED") })
    expect((await run(["create", "--name", "x", "--expires", "90", ...url], reader.token)).error).toContain(
      "90d",
    )
  }, 60_000)
})

describe("the OpenAPI document", () => {
  it("has the routes and the schema of a new key", async () => {
    const { paths } = JSON.parse(await (await fetch(`${gateway.url}/openapi.json`)).text())
    expect(Object.keys(paths[keysPath])).toEqual(["get", "post"])
    expect(Object.keys(paths[`${keysPath}/{keyId}`])).toEqual(["delete"])
  })
})
