import { beforeAll, describe, expect, it } from "vitest"
import { Client, operatorToken, tokenFor } from "../support/chatClient.ts"
import { undeclared } from "../support/declared.ts"
import { useWorld } from "../support/world.ts"
import { type Caller, callers, type Row, table } from "./routeTable.ts"

const world = useWorld({ LOG_LEVEL: "warn" })
const canary = "canary-of-acme-5d1e"
const orgs = ["acme", "other"] as const
const userPermissions = ["chat:*", "sessions:*", "agents:*", "keys:*"]

let clients: Readonly<Record<Caller, Client>>
/** The owner's ids in place of `$agent`, `{agentId}` and the like. */
let ids: Readonly<Record<string, string>>

beforeAll(async () => {
  const tokens: Readonly<Record<Caller, string>> = {
    anonymous: "",
    owner: await tokenFor("acme", "ana", userPermissions),
    colleague: await tokenFor("acme", "eve", userPermissions),
    // Operators' permissions that a tenant writes into its own token are ignored.
    admin: await tokenFor("acme", "adam", ["*", "admin:*", "operator:*"]),
    stranger: await tokenFor("other", "ana", ["*", "admin:*", "operator:*"]),
    operator: await operatorToken(),
  }
  const clientOf = (caller: Caller) => [caller, new Client(world.gateway.url, tokens[caller])] as const
  clients = Object.fromEntries(callers.map(clientOf)) as Record<Caller, Client>
  const { owner } = clients
  const agent = (await owner.json("POST", "/api/v1/agents", { name: "a", systemPrompt: canary })).data
  const message = JSON.stringify({ scenario: "all", note: canary })
  const run = await owner.stream("POST", "/api/v1/chat/start", { agentId: agent.id, message })
  const events = await run.rest()
  const file = events.find(({ data }) => data?.type === "file")
  const key = (await owner.json("POST", "/api/v1/keys", { name: "k" })).data
  ids = {
    agent: agent.id,
    model: `agent:${agent.id}`,
    key: key.id,
    session: run.sessionId,
    run: run.runId,
    message: events.find(({ event }) => event === "done")?.data.messageId,
    cursor: Buffer.from(JSON.stringify(["sessions", run.sessionId])).toString("base64url"),
    upload: await upload(owner),
    file: file?.data.data.url.split("/").at(-1),
    org: "acme",
    user: "ana",
  }
})

const upload = async ({ token, url }: Client): Promise<string> => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "text/plain" }
  const answer = await fetch(`${url}/api/v1/files`, { method: "POST", headers, body: canary })
  const { data } = (await answer.json()) as { readonly data: { readonly fileId: string } }
  return data.fileId
}

const documented = async (): Promise<ReadonlyArray<string>> => {
  const answer = await fetch(`${world.gateway.url}/openapi.json`)
  const { paths } = (await answer.json()) as { readonly paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

const filled = (text: string): string =>
  text.replaceAll(
    /\{(\w+)Id\}|\{(model)\}|\$(\w+)/g,
    (_, inPath?: string, model?: string, given?: string) => {
      const name = inPath ?? model ?? given ?? ""
      const id = ids[name === "file" && text.startsWith("/api/v1/files/") ? "upload" : name]
      if (id === undefined) throw new Error(`no id for ${text}`)
      return encodeURIComponent(id)
    },
  )

/** The answer's headers and status, without waiting for the end of an endless stream. */
const ask = async (caller: Caller, route: string, row: Row, extra?: Readonly<Record<string, unknown>>) => {
  const [method = "", path = ""] = route.split(" ")
  const body = row.body && JSON.stringify({ ...row.body, ...extra })
  const { token, url } = clients[caller]
  const response = await fetch(`${url}${filled(path + (row.query ?? ""))}`, {
    method,
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...Object.fromEntries(Object.entries(row.headers ?? {}).map(([name, value]) => [name, filled(value)])),
    },
    ...(body === undefined ? {} : { body: filled(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const { headers, status } = response
  expect(undeclared({ method, path: filled(path), status, body: undefined, headers })).toBeUndefined()
  const session = response.headers.get("x-session-id")
  if (!path.endsWith("/live")) return { status: response.status, text: await response.text(), session }
  await response.body?.cancel()
  return { status: response.status, text: "", session }
}

const rows = Object.entries(table).flatMap(([route, all]) => all.map((row) => [route, row] as const))

/** The state that tenants and operators can see, without the effects of their own calls. */
const seen = async () => {
  const read = async (caller: Caller, path: string) => (await clients[caller].json("GET", filled(path))).data
  const { forced } = await read("operator", "/api/v1/runtime/fallback/status")
  return {
    session: await read("owner", "/api/v1/chat/sessions/$session"),
    run: await read("owner", "/api/v1/chat/runs/$run"),
    agents: { acme: await read("owner", "/api/v1/agents"), other: await read("stranger", "/api/v1/agents") },
    rollout: await read("operator", "/api/v1/runtime/rollout"),
    autopilot: await read("operator", "/api/v1/runtime/autopilot"),
    audit: await read("operator", "/api/v1/runtime/audit"),
    forced,
  }
}

describe("the routes of the contract", () => {
  it("are exactly those in this test's table: add a row for a new route", async () => {
    expect(Object.keys(table).toSorted()).toEqual((await documented()).toSorted())
  })

  it("X2: let callers without the permission read and change nothing", async () => {
    const before = await seen()
    for (const [route, row] of rows)
      for (const caller of callers) {
        if (row.statuses[caller] < 400) continue
        const { status, text } = await ask(caller, route, row)
        expect(status, `${caller} ${route}: ${text.slice(0, 500)}`).toBe(row.statuses[caller])
        expect(text).not.toContain(canary)
      }
    expect(await seen()).toEqual(before)
  }, 60_000)

  it("X2: show an organisation's lists and metrics to no other organisation", async () => {
    for (const path of ["/api/v1/agents", "/api/v1/chat/sessions", "/api/v1/chat/sessions?cursor=$cursor"])
      expect((await clients.stranger.request("GET", filled(path))).status).toBe(200)
    for (const caller of ["colleague", "admin", "stranger"] as const) {
      const { data } = await clients[caller].json("GET", "/api/v1/chat/sessions")
      expect(data.sessions).toEqual([])
    }
    expect(JSON.stringify(await clients.stranger.json("GET", "/api/v1/agents"))).not.toContain(canary)
    for (const [caller, path] of [
      ["stranger", "/api/v1/users/ana/export"],
      ["colleague", "/api/v1/chat/export"],
      ["admin", "/api/v1/chat/export"],
    ] as const) {
      const lines = (await (await clients[caller].request("GET", path)).text()).trimEnd().split("\n")
      expect([caller, lines.length, lines.at(-1)]).toEqual([
        caller,
        2,
        JSON.stringify({ type: "end", sessions: 0, messages: 0, runs: 0 }),
      ])
    }
    const statuses = (caller: Caller) =>
      Promise.all(
        [...orgs, "nowhere"].map(
          async (org) => (await clients[caller].request("GET", `/api/v1/runtime/metrics/${org}`)).status,
        ),
      )
    expect(await statuses("admin")).toEqual([200, 404, 404])
    expect(await statuses("stranger")).toEqual([404, 200, 404])
    expect(await statuses("operator")).toEqual([200, 200, 200])
    const order = { mode: "direct_llm", reason: "INC-7 of olga" }
    const force = (body: object) => clients.operator.json("POST", "/api/v1/runtime/fallback/force", body)
    await force(order)
    const { data } = await clients.admin.json("GET", "/api/v1/runtime/metrics/acme")
    expect(data).toMatchObject({ fallbackEnabled: true, fallbackReason: "the runtime is not in use now" })
    await force({ ...order, mode: "none" })
  })

  it("X3: take no organisation, user or right from a body", async () => {
    const extra = {
      org_id: "other",
      user_id: "eve",
      userId: "eve",
      sub: "eve",
      is_admin: true,
      isAdmin: true,
      role: "admin",
      permissions: ["operator:*"],
      mode: "direct_llm",
      executionMode: "direct_llm",
      system_prompt: "x",
    }
    const { agents } = await seen()
    /** The sessions that the stranger has started. */
    const own = new Set<string>()
    for (const [route, row] of rows.filter(([, { body }]) => body !== undefined))
      for (const caller of ["anonymous", "colleague", "admin", "stranger"] as const) {
        const { session, status } = await ask(caller, route, row, { ...extra, ...row.body })
        if (caller === "stranger" && session !== null) own.add(session)
        const expected = row.statuses[caller]
        // Some bodies refuse unknown fields before their route looks for the object.
        expect(expected === 401 ? [expected] : [expected, 400], `${caller} ${route}`).toContain(status)
      }
    const after = await seen()
    expect(after.agents.acme.length).toBe(agents.acme.length + 2)
    const mine = await clients.colleague.json("GET", "/api/v1/chat/sessions")
    expect(mine.data.sessions.length).toBeGreaterThan(0)
    const others = (await clients.stranger.json("GET", "/api/v1/chat/sessions")).data.sessions
    expect(new Set(others.map(({ id }: { readonly id: string }) => id))).toEqual(own)
    const started = await clients.owner.stream("POST", "/api/v1/chat/start", {
      ...extra,
      agentId: ids["agent"],
      message: "hello",
      model: "x",
    })
    await started.rest()
    expect(started.response.headers.get("x-execution-mode")).toBe("runtime_orchestrator")
    const sent = (await world.log()).executions.at(-1)?.body.agent_config
    expect([sent.model, sent.system_prompt]).not.toContain("x")
  }, 60_000)

  it("answer callers that have the permission", async () => {
    for (const [route, row] of rows)
      for (const caller of callers) {
        if (row.statuses[caller] >= 400) continue
        const { status, text } = await ask(caller, route, row)
        expect(status, `${caller} ${route}: ${text.slice(0, 500)}`).toBe(row.statuses[caller])
      }
  }, 60_000)
})
