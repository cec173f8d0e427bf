import { request as rawRequest } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, defaultAgent, eventually } from "../support/chatClient.ts"
import { as, createKey, keysPath, outcome } from "../support/keyClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
/** Every key text that a test received. */
const shown: Array<string> = []

beforeAll(async () => {
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "direct_llm",
    LOG_LEVEL: "debug",
  })
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const org = () => crypto.randomUUID()
const made = async (creator: Client, asked: Record<string, unknown> = {}) => {
  const key = await createKey(creator, asked)
  shown.push(key.key)
  return key
}
const sessions = "/api/v1/chat/sessions"
const start = "/api/v1/chat/start"
const turn = (agentId = defaultAgent) => ({ agentId, message: "Hello" })

describe("an API key", () => {
  it("is shown once, starts turns as its creator, and is listed without its text", async () => {
    const ana = await as(gateway.url, org(), "ana")
    const answer = await ana.request("POST", keysPath, { name: "nightly", ratePerMinute: 30 })
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"])
    const { data } = JSON.parse(await answer.text())
    shown.push(data.key)
    expect(data).toMatchObject({
      id: expect.stringMatching(/^key_[0-9a-f]{32}$/),
      key: expect.stringMatching(/^sk-[A-Za-z0-9_-]{43}$/),
      prefix: data.key.slice(0, 9),
      userId: "ana",
      permissions: ["chat:*", "sessions:*"],
      agents: null,
      ratePerMinute: 30,
      expiresAt: null,
      createdWith: null,
      revokedAt: null,
      lastUsedAt: null,
    })
    const client = new Client(gateway.url, data.key)
    const stream = await client.start("Hello")
    await stream.rest()
    expect((await ana.json("GET", sessions)).data.sessions[0].id).toBe(stream.sessionId)
    const list = await ana.request("GET", keysPath)
    const text = await list.text()
    expect(text).not.toContain(data.key.slice(9))
    expect(JSON.parse(text).data.keys.map((key: { id: string }) => key.id)).toEqual([data.id])
    // Written within seconds of the first use.
    const used = await eventually(
      async () => (await ana.json("GET", keysPath)).data.keys[0].lastUsedAt ?? false,
      15,
    )
    expect(used).toBeGreaterThanOrEqual(data.createdAt)
  })

  it("is refused after its revocation, and a second revocation changes nothing", async () => {
    const ana = await as(gateway.url, org(), "ana")
    const key = await made(ana)
    expect(await outcome(key.client.request("GET", sessions))).toBe("200 ")
    const first = await ana.json("DELETE", `${keysPath}/${key.id}`)
    expect(first.data).toMatchObject({ id: key.id, revokedAt: expect.any(Number) })
    expect(await outcome(key.client.request("GET", sessions))).toBe("401 AUTH_KEY_REVOKED")
    expect((await ana.json("DELETE", `${keysPath}/${key.id}`)).data.revokedAt).toBe(first.data.revokedAt)
    const refused = await key.client.request("POST", start, turn())
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
    expect((await ana.json("GET", keysPath)).data.keys[0].revokedAt).toBe(first.data.revokedAt)
  })

  it("may revoke itself", async () => {
    const key = await made(await as(gateway.url, org(), "ana"), { permissions: ["keys:write"] })
    expect(await outcome(key.client.request("DELETE", `${keysPath}/${key.id}`))).toBe("200 ")
    expect(await outcome(key.client.request("DELETE", `${keysPath}/${key.id}`))).toBe("401 AUTH_KEY_REVOKED")
  })

  it("expires at its time", async () => {
    const ana = await as(gateway.url, org(), "ana")
    const key = await made(ana, { expiresAt: Date.now() + 1500 })
    expect(await outcome(key.client.request("GET", sessions))).toBe("200 ")
    await eventually(
      async () => (await outcome(key.client.request("GET", sessions))) === "401 AUTH_KEY_EXPIRED",
    )
    await ana.json("DELETE", `${keysPath}/${key.id}`)
    expect(await outcome(key.client.request("GET", sessions))).toBe("401 AUTH_KEY_REVOKED")
  })

  it("allows only its own permissions", async () => {
    const key = await made(await as(gateway.url, org(), "ana"), { permissions: ["chat:read", "agents:read"] })
    expect(await outcome(key.client.request("GET", sessions))).toBe("200 ")
    expect(await outcome(key.client.request("GET", "/api/v1/agents"))).toBe("200 ")
    for (const [method, path] of [
      ["POST", start],
      ["POST", "/api/v1/agents"],
      ["GET", keysPath],
      ["POST", keysPath],
      ["DELETE", `${keysPath}/${key.id}`],
      ["GET", "/api/v1/runtime/metrics"],
    ] as const) {
      const answer = key.client.request(
        method,
        path,
        method === "POST" ? { ...turn(), name: "x" } : undefined,
      )
      expect([path, await outcome(answer)]).toEqual([path, "403 AUTH_PERMISSION_DENIED"])
    }
  })

  it("makes read tickets for its runs, each for one run", async () => {
    const key = await made(await as(gateway.url, org(), "ana"))
    const stream = await key.client.start("Hello")
    await stream.rest()
    const { url } = (await key.client.json("POST", `/api/v1/chat/runs/${stream.runId}/ticket`)).data
    expect((await fetch(`${gateway.url}${url}`)).status).toBe(200)
    const other = url.replace(stream.runId, crypto.randomUUID())
    expect(await outcome(fetch(`${gateway.url}${other}`))).toBe("401 AUTH_TOKEN_INVALID")
  })
})

describe("a string that is not a valid key", () => {
  it.each([
    ["the prefix alone", (key: string) => key.slice(0, 9)],
    ["the scheme alone", () => "sk-"],
    ["another case", (key: string) => `sk-${key.slice(3).toLowerCase()}`],
    ["another last character", (key: string) => key.slice(0, -1) + (key.endsWith("A") ? "Q" : "A")],
    ["a character more", (key: string) => `${key}A`],
    ["a key twice", (key: string) => `${key}${key}`],
    ["two keys", (key: string) => `${key}, ${key}`],
    ["a space within", (key: string) => `${key.slice(0, 20)} ${key.slice(20)}`],
    ["ten kilobytes", () => `sk-${"A".repeat(10_000)}`],
    ["percent signs", (key: string) => `${key.slice(0, -3)}%41`],
    ["SQL", () => "sk-' OR '1'='1"],
    ["its own hash", () => `sk-${"a".repeat(64)}`],
  ])("is refused: %s", async (_, broken) => {
    const key = await made(await as(gateway.url, org(), "ana"))
    const text = broken(key.key)
    if (text === key.key) return
    const answer = await new Client(gateway.url, text).request("GET", sessions)
    expect(await outcome(answer)).toBe("401 AUTH_KEY_INVALID")
  })

  it("is refused as a token if the case of the scheme differs", async () => {
    const key = await made(await as(gateway.url, org(), "ana"))
    const upper = new Client(gateway.url, key.key.replace("sk-", "SK-"))
    expect(await outcome(upper.request("GET", sessions))).toBe("401 AUTH_TOKEN_INVALID")
  })

  /** Sends raw bytes: `fetch` sends well-formed headers only. */
  const raw = (authorization: string | ReadonlyArray<string>) =>
    new Promise<number>((done, failed) => {
      const headers = { authorization: authorization as string }
      rawRequest(`${gateway.url}${sessions}`, { headers, insecureHTTPParser: true }, (response) => {
        response.resume()
        done(response.statusCode ?? 0)
      })
        .on("error", failed)
        .end()
    })

  it("is refused if UTF-8 decoding would alter its bytes, and spaces around a valid key are accepted", async () => {
    const key = await made(await as(gateway.url, org(), "ana"))
    // The bytes of a lone surrogate, of a NUL-like character and of U+FFFD.
    for (const bytes of ["\u00ed\u00a0\u0080", "\u00c0\u0080", "\u00ef\u00bf\u00bd", "\u00a0"])
      expect(await raw(`Bearer ${key.key.slice(0, -1)}${bytes}`)).toBe(401)
    expect(await raw(`Bearer ${key.key}   `)).toBe(200)
    expect(await raw(`bearer   ${key.key}`)).toBe(200)
    expect(await raw(`Basic ${key.key}`)).toBe(401)
    expect(await raw(key.key)).toBe(401)
  })

  it("is not searched for in other places of the request", async () => {
    const { key } = await made(await as(gateway.url, org(), "ana"))
    for (const headers of [
      { "x-api-key": key },
      { cookie: `key=${key}` },
      { "proxy-authorization": `Bearer ${key}` },
    ])
      expect(await outcome(fetch(`${gateway.url}${sessions}`, { headers }))).toBe("401 AUTH_TOKEN_MISSING")
    for (const query of [`token=${key}`, `key=${key}`, `access_token=${key}`])
      expect(await outcome(fetch(`${gateway.url}${sessions}?${query}`))).toBe("401 AUTH_TOKEN_MISSING")
  })

  it("costs the database at most a hundred statements a second, at any request rate", async () => {
    const statements = async () => {
      const text = await (await fetch(`${gateway.url}/metrics`)).text()
      return Array.from(
        text.matchAll(/^crossfade_db_statements_total\{[^}]*kind="statement"[^}]*\} (\S+)/gm),
      ).reduce((sum, [, value]) => sum + Number(value), 0)
    }
    const ana = await as(gateway.url, org(), "ana")
    const valid = await made(ana)
    const before = await statements()
    expect(before).toBeGreaterThan(0)
    const began = Date.now()
    let asked = 0
    const one = async () => {
      while (Date.now() - began < 2000) {
        const random = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")
        const client = new Client(gateway.url, `sk-${random}`)
        expect(await outcome(client.request("GET", sessions))).toBe("401 AUTH_KEY_INVALID")
        asked += 1
      }
    }
    const flood = Promise.all(Array.from({ length: 40 }, one))
    expect(await outcome(valid.client.request("GET", sessions))).toBe("200 ")
    await flood
    const seconds = (Date.now() - began) / 1000
    const spent = (await statements()) - before
    expect(asked).toBeGreaterThan(200)
    // The margin covers the service's background statements.
    expect(spent).toBeLessThan(110 * seconds + 30)
    expect(spent).toBeLessThan(asked)
  })
})

describe("the log", () => {
  it("contains neither a key that was shown nor its random part", () => {
    expect(shown.length).toBeGreaterThan(15)
    const output = gateway.output()
    expect(output).toContain("turn ended")
    expect(shown.filter((key) => output.includes(key.slice(9, 25)))).toEqual([])
  })
})
