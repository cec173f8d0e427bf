import { describe, expect, it } from "vitest"
import { SignJWT } from "jose"
import { Client, defaultAgent, tokenFor } from "../support/chatClient.ts"
import { startGateway, temporaryFolder, testSecret } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ LOG_LEVEL: "debug", CORS_ALLOWED_ORIGINS: "https://chat.example,https://b.example" })

const nobody = "00000000-0000-4000-8000-00000000ffff"

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
const bodyOf = (answer: Response): Promise<any> => answer.json() as Promise<any>

describe("who may do what", () => {
  it("fault 18: permissions are all-of", async () => {
    const half = await world.as("acme", "ana", ["chat:write"])
    const answer = await half.start("hello")
    expect(answer.response.status).toBe(403)
    const error = await world.client.request(
      "POST",
      "/api/v1/chat/start",
      { agentId: defaultAgent, message: "x" },
      {
        authorization: `Bearer ${half.token}`,
      },
    )
    expect(await error.json()).toMatchObject({
      error: { code: "AUTH_PERMISSION_DENIED", message: "The token lacks: sessions:write." },
    })
  })

  it("fault 18: a resume by POST needs what reading needs, and the session that it names", async () => {
    const stream = await world.client.start("one")
    await stream.rest()
    const other = await world.client.start("two")
    await other.rest()
    const seen = { "last-event-id": `${stream.runId}:0` }
    const writer = await world.as("acme", "ana", ["chat:write", "sessions:write"])
    expect((await writer.start("x", seen)).response.status).toBe(403)
    const path = `/api/v1/chat/sessions/${other.sessionId}`
    expect((await world.client.stream("POST", path, { message: "x" }, seen)).response.status).toBe(404)
  })

  it("fault 18: another user of the same organisation finds nothing of a session or a run", async () => {
    const stream = await world.client.start("mine")
    await stream.rest()
    const eve = await world.as("acme", "eve")
    const foreign = await world.as("other", "ana")
    for (const client of [eve, foreign]) {
      for (const [method, path] of [
        ["GET", `/api/v1/chat/sessions/${stream.sessionId}`],
        ["GET", `/api/v1/chat/runs/${stream.runId}`],
        ["GET", `/api/v1/chat/runs/${stream.runId}/events`],
        ["POST", `/api/v1/chat/runs/${stream.runId}/cancel`],
      ] as const) {
        expect([path, (await client.request(method, path)).status]).toEqual([path, 404])
      }
      expect((await client.send(stream.sessionId, "let me in")).response.status).toBe(404)
      const resumed = await client.start("x", { "last-event-id": `${stream.runId}:1` })
      expect(resumed.response.status).toBe(404)
      expect((await client.json("GET", "/api/v1/chat/sessions")).data.sessions).toEqual([])
    }
  })

  it("fault 17: an idempotency key of one tenant never brings another tenant's answer", async () => {
    const key = { "idempotency-key": "same-key" }
    const mine = await world.client.start("my secret", key)
    await mine.rest()
    const theirs = await (await world.as("other", "bob")).start("their question", key)
    await theirs.rest()
    expect(theirs.runId).not.toBe(mine.runId)
    expect(Buffer.from(theirs.bytes).toString()).not.toContain("my secret")
  })

  it.each([
    ["no token", undefined, "AUTH_TOKEN_MISSING"],
    ["rubbish", "abc", "AUTH_TOKEN_INVALID"],
    ["another secret", "other-secret", "AUTH_TOKEN_INVALID"],
    ["an expired one", "expired", "AUTH_TOKEN_EXPIRED"],
  ])("refuses %s with 401", async (_, kind, code) => {
    const sign = (secret: string, exp: number) =>
      new SignJWT({ org_id: "acme", permissions: ["*"] })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject("ana")
        .setExpirationTime(exp)
        .sign(new TextEncoder().encode(secret))
    const soon = Math.floor(Date.now() / 1000) + 60
    const token =
      kind === "other-secret"
        ? await sign("y".repeat(40), soon)
        : kind === "expired"
          ? await sign(testSecret, soon - 3600)
          : kind
    const answer = await fetch(`${world.gateway.url}/api/v1/chat/sessions`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ success: false, error: { code } })
  })
})

describe("ids in tokens", () => {
  const tokenOf = (claims: Readonly<Record<string, unknown>>) =>
    new SignJWT({ sub: "ana", org_id: "acme", permissions: ["*"], ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1 hour")
      .sign(new TextEncoder().encode(testSecret))

  it("X1: refuses an organisation with a lone surrogate, which the store would read as another one", async () => {
    // Stores write U+FFFD for what is not well formed, so two ids would become one.
    const owner = new Client(world.gateway.url, await tokenOf({ org_id: "a\ufffd" }))
    await (await owner.start("mine")).rest()
    for (const org_id of ["a\ud800", "a\udfff"]) {
      const other = new Client(world.gateway.url, await tokenOf({ org_id }))
      const answer = await other.request("GET", "/api/v1/chat/sessions")
      expect([answer.status, (await bodyOf(answer)).error?.code]).toEqual([401, "AUTH_TOKEN_INVALID"])
    }
    expect((await owner.json("GET", "/api/v1/chat/sessions")).data.sessions).toHaveLength(1)
  })

  it.each([
    ["a lone surrogate", "a\udc00"],
    ["a NUL", "a\u0000"],
    ["a line break", "a\nb"],
    ["a C1 control character", "a\u0085"],
    ["129 characters", "x".repeat(129)],
  ])("X1: refuses a user or an organisation with %s", async (_, id) => {
    for (const claims of [{ sub: id }, { org_id: id }]) {
      const client = new Client(world.gateway.url, await tokenOf(claims))
      expect((await client.request("GET", "/api/v1/chat/sessions")).status).toBe(401)
    }
  })
})

describe("what is refused, and how it is said", () => {
  it("names every field that is wrong", async () => {
    const answer = await world.client.request("POST", "/api/v1/chat/start", { agentId: "x", message: "" })
    expect(answer.status).toBe(400)
    const { error } = await bodyOf(answer)
    expect(error.code).toBe("VALIDATION_FAILED")
    expect(error.details.map((d: { path: string }) => d.path).toSorted()).toEqual([
      "payload.agentId",
      "payload.message",
    ])
  })

  it.each([
    [
      "a message that is too long",
      "POST",
      "/api/v1/chat/start",
      { agentId: defaultAgent, message: "x".repeat(100_001) },
      400,
      "VALIDATION_MESSAGE_TOO_LONG",
    ],
    [
      "an agent that is not there",
      "POST",
      "/api/v1/chat/start",
      { agentId: nobody, message: "x" },
      404,
      "AGENT_NOT_FOUND",
    ],
    [
      "a session that is not there",
      "POST",
      `/api/v1/chat/sessions/${nobody}`,
      { message: "x" },
      404,
      "SESSION_NOT_FOUND",
    ],
    ["a run that is not there", "GET", `/api/v1/chat/runs/${nobody}`, undefined, 404, "RUN_NOT_FOUND"],
    ["a path that is not there", "GET", "/api/v1/nope", undefined, 404, "ROUTE_NOT_FOUND"],
    ["a wrong method", "DELETE", "/api/v1/chat/start", undefined, 405, "METHOD_NOT_ALLOWED"],
  ] as const)("%s", async (_, method, path, body, status, code) => {
    const answer = await world.client.request(method, path, body)
    expect([answer.status, (await bodyOf(answer)).error.code]).toEqual([status, code])
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("takes the longest message that is allowed, byte for byte", async () => {
    const message = "ü".repeat(100_000)
    const stream = await world.client.start(message)
    await stream.rest()
    expect((await world.messages(stream.sessionId))[0].content).toBe(message)
  })

  it("C2: C8: a body of another type is 415, one over 1 MiB is 413, and one that is no JSON is 400", async () => {
    const post = (body: string, type: string) =>
      fetch(`${world.gateway.url}/api/v1/chat/start`, {
        method: "POST",
        headers: { authorization: `Bearer ${world.client.token}`, "content-type": type },
        body,
      })
    const text = await post("hello", "text/plain")
    expect([text.status, (await bodyOf(text)).error.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"])
    const large = await post(JSON.stringify({ message: "x".repeat(1_100_000) }), "application/json")
    expect([large.status, (await bodyOf(large)).error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"])
    const broken = await post("{", "application/json")
    expect([broken.status, (await bodyOf(broken)).error.code]).toEqual([400, "VALIDATION_FAILED"])
  })

  it("C8: pages of other origins may call only where they are listed", async () => {
    const preflight = (origin: string) =>
      fetch(`${world.gateway.url}/api/v1/chat/start`, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization",
        },
      })
    const listed = await preflight("https://chat.example")
    expect(listed.headers.get("access-control-allow-origin")).toBe("https://chat.example")
    expect(listed.headers.get("access-control-allow-headers")).toContain("last-event-id")
    const other = await preflight("https://evil.example")
    expect(other.headers.get("access-control-allow-origin")).not.toBe("https://evil.example")
    expect(other.headers.get("access-control-allow-credentials")).toBeNull()
  })

  it("X11: an insane request id is replaced", async () => {
    const answer = await world.client.request("GET", "/api/v1/health", undefined, {
      "x-request-id": "a b<script>",
    })
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe("agents", () => {
  it("are made, listed, changed and switched off; credentials are never shown", async () => {
    const server = {
      id: "m",
      name: "M",
      endpoint: "http://m",
      transport: "http",
      isConnected: true,
      availableTools: [],
      authConfig: { key: "canary-credential" },
    }
    const made = (
      await world.client.json("POST", "/api/v1/agents", {
        name: "Helper",
        model: "m-9",
        mcpServers: [server],
      })
    ).data
    expect(JSON.stringify(made)).not.toContain("canary-credential")
    const start = () => world.client.stream("POST", "/api/v1/chat/start", { agentId: made.id, message: "hi" })
    await (await start()).rest()
    await world.client.json("PATCH", `/api/v1/agents/${made.id}`, {
      systemPrompt: "Be brief.",
      mcpServers: made.settings.mcpServers,
    })
    await (await start()).rest()
    const [first, second] = (await world.log()).executions.map((execution) => execution.body)
    expect(first.agent_config.model).toBe("m-9")
    expect(second.agent_config.system_prompt).toBe("Be brief.")
    expect(second.available_mcp_servers[0].auth_config).toEqual({ key: "canary-credential" })
    await world.client.json("PATCH", `/api/v1/agents/${made.id}`, { active: false })
    expect((await start()).response.status).toBe(400)
    const list = (await world.client.json("GET", "/api/v1/agents")).data
    expect(list.map((agent: { id: string }) => agent.id)).toEqual([defaultAgent, made.id])
    const foreign = await world.as("other", "bob")
    expect((await foreign.request("GET", `/api/v1/agents/${made.id}`)).status).toBe(404)
    expect(
      (await foreign.request("PATCH", `/api/v1/agents/${defaultAgent}`, { name: "mine now" })).status,
    ).toBe(404)
  })
})

describe("secrets", () => {
  it("fault 19: nothing of a body, a token, a key or a credential is logged, also at the finest level", async () => {
    const canary = "canary-message-7f3a"
    await (await world.client.start(canary)).rest()
    await (await world.client.start({ scenario: "http", status: 500, body: canary })).rest()
    await world.client.request("POST", "/api/v1/chat/start", { agentId: canary, message: canary })
    const output = world.gateway.output()
    for (const secret of [canary, "sk-canary-0000", "canary-credential", world.client.token, testSecret]) {
      expect(output).not.toContain(secret)
    }
  })

  it("fault 20: there is no default signing secret: two services without one do not know each other's tokens", async () => {
    const folders = [temporaryFolder(), temporaryFolder()]
    const gateways = await Promise.all(
      folders.map(({ path }) => startGateway({ DATA_DIR: path, AUTH_JWT_SECRET: "" })),
    )
    try {
      const tokens = gateways.map((gateway) => /#token=(\S+)/.exec(gateway.output())?.[1] ?? "")
      const statuses = await Promise.all(
        [0, 1].flatMap((service) =>
          [0, 1].map(
            async (from) =>
              (
                await new Client(gateways[service]!.url, tokens[from]!).request(
                  "GET",
                  "/api/v1/chat/sessions",
                )
              ).status,
          ),
        ),
      )
      expect(statuses).toEqual([200, 401, 401, 200])
      const forged = await new Client(gateways[0]!.url, await tokenFor()).request(
        "GET",
        "/api/v1/chat/sessions",
      )
      expect(forged.status).toBe(401)
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.stop()))
      folders.forEach((folder) => folder.dispose())
    }
  })

  it.each([
    ["", "nothing"],
    ["short", "a value of 5 characters"],
  ])("fault 20: production does not start with the secret %j", async (secret, found) => {
    const started = startGateway({ NODE_ENV: "production", AUTH_JWT_SECRET: secret })
    await expect(started).rejects.toThrow(`AUTH_JWT_SECRET: found ${found}; allowed: `)
  })
})
