import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Client, operatorToken, type Stream, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const rolloutPath = "/api/v1/runtime/rollout"
const auditPath = "/api/v1/runtime/audit"
const folder = temporaryFolder()
const unset = {
  defaultMode: null,
  percentage: null,
  enabledOrgs: null,
  deniedOrgs: null,
  rules: null,
  shadowPercentage: null,
  thresholds: null,
}

let gateway: Running
let operator: Client
let user: Client

/** On the sandbox, which answers in both modes. */
const start = async (env: Readonly<Record<string, string>> = {}) => {
  gateway = await startGateway({ DATA_DIR: folder.path, CHAT_EXECUTION_MODE: "direct_llm", ...env })
  operator = new Client(gateway.url, await operatorToken())
  user = new Client(gateway.url, await tokenFor())
}

beforeAll(() => start())
beforeEach(() => put(unset))
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const put = (body: unknown, headers: Record<string, string> = {}) =>
  operator.request("PUT", rolloutPath, body, headers)

// oxlint-disable-next-line typescript/no-explicit-any -- the settings as the API shows them
const settings = async (): Promise<any> => (await operator.json("GET", rolloutPath)).data

// oxlint-disable-next-line typescript/no-explicit-any -- the decision as the API shows it
const decisionOf = async (stream: Stream): Promise<any> => {
  const run = `/api/v1/chat/runs/${stream.runId}`
  // These tests do not need the answer, and its end frees the session.
  await user.json("POST", `${run}/cancel`)
  await stream.rest()
  return (await user.json("GET", run)).data.decision
}

const firstModeOf = async (stream: Stream): Promise<string> => (await decisionOf(stream)).order[0]

describe("a rollout that changes while the service runs", () => {
  it("applies a PUT to the next turn", async () => {
    expect(await firstModeOf(await user.start("before"))).toBe("direct_llm")
    const response = await put({ enabledOrgs: ["acme"], reason: "acme is ready" })
    expect(response.status).toBe(200)
    const stream = await user.start("after")
    expect(stream.response.headers.get("x-execution-mode")).toBe("runtime_orchestrator")
    expect((await decisionOf(stream)).reason).toBe("enabled_orgs")

    await put({ deniedOrgs: ["acme"] })
    const denied = await decisionOf(await user.start("and back"))
    expect(denied).toMatchObject({ order: ["direct_llm"], reason: "denied_orgs" })
  })

  it("matches rules against the request: a header in any case, the language, the length, the agent", async () => {
    await put({
      rules: [
        { name: "beta", when: { header: { name: "X-Beta", value: "yes" } }, mode: "runtime_orchestrator" },
        { name: "german", when: { languages: ["de"], minMessageLength: 6 }, mode: "runtime_orchestrator" },
        { name: "off", when: { needsTools: false }, mode: "runtime_orchestrator", enabled: false },
      ],
    })
    const reason = async (message: string, headers: Record<string, string> = {}) =>
      (await decisionOf(await user.start(message, headers))).reason
    expect(await reason("hello")).toBe("default_mode")
    expect(await reason("hello", { "x-beta": "yes" })).toBe("rule:beta")
    expect(await reason("hello", { "x-beta": "YES" })).toBe("default_mode")
    expect(await reason("hallo!", { "accept-language": "de-AT,en;q=0.5" })).toBe("rule:german")
    expect(await reason("hallo", { "accept-language": "de-AT,en;q=0.5" })).toBe("default_mode")
  })

  it("is overridden by an operator until the override ends", async () => {
    await put({ enabledOrgs: ["acme"] })
    const order = (mode: string) =>
      operator.json("POST", "/api/v1/runtime/fallback/force", { mode, reason: "the night of the move" })
    await order("direct_llm")
    expect(await decisionOf(await user.start("now?"))).toMatchObject({
      order: ["direct_llm"],
      reason: "forced",
    })
    await order("none")
    expect((await decisionOf(await user.start("now?"))).reason).toBe("enabled_orgs")
  })

  it("an operator override works without the store; a change of the settings does not", async () => {
    const database = new DatabaseSync(join(folder.path, "crossfade.db"))
    database.exec("ALTER TABLE audit RENAME TO audit_away")
    const order = (mode: string) =>
      operator.request("POST", "/api/v1/runtime/fallback/force", { mode, reason: "now" })
    const unwritten = await order("runtime_orchestrator")
    expect(unwritten.status).toBe(503)
    expect((await decisionOf(await user.start("where?"))).reason).toBe("forced")
    const refused = await put({ percentage: 5 })
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "OVERLOADED" } }])
    expect((await settings()).percentage).toBe(0)
    database.exec("ALTER TABLE audit_away RENAME TO audit")
    database.close()
    expect((await order("none")).status).toBe(200)
  })

  it("an operator's settings survive kill -9 and a changed environment; unset ones follow the new environment", async () => {
    await put({ percentage: 0, defaultMode: "runtime_orchestrator" })
    const [entry] = (await operator.json("GET", auditPath)).data.entries
    await gateway.stop("SIGKILL")
    await start({ CHAT_RUNTIME_PERCENT: "50", CHAT_RUNTIME_SHADOW_PERCENT: "3" })
    expect(await settings()).toMatchObject({
      defaultMode: "runtime_orchestrator",
      percentage: 0,
      shadowPercentage: 3,
      sources: {
        defaultMode: { from: "operator", by: { orgId: "ops", userId: "olga" }, at: entry.at },
        percentage: { from: "operator" },
        shadowPercentage: { from: "environment" },
        rules: { from: "default" },
        thresholds: { from: "default" },
      },
    })
    expect(await firstModeOf(await user.start("after the restart"))).toBe("runtime_orchestrator")
    await put({ percentage: null })
    const { percentage, sources } = await settings()
    expect([percentage, sources.percentage]).toEqual([50, { from: "environment" }])
  })
})

describe("sessions", () => {
  it("keep their mode when the percentage falls to 0, rises to 100, and over a restart", async () => {
    await put({ percentage: 50 })
    const byCohort = new Map<string, string>()
    while (byCohort.size < 2) {
      const stream = await user.start("hello")
      byCohort.set((await decisionOf(stream)).cohort, stream.sessionId)
    }
    const treated = byCohort.get("treatment")!
    const control = byCohort.get("control")!
    const expectKept = async () => {
      const decisions = [await user.send(treated, "and?"), await user.send(control, "and?")].map(decisionOf)
      expect(await Promise.all(decisions)).toMatchObject([
        { order: ["runtime_orchestrator", "direct_llm"], reason: "percentage", cohort: "treatment" },
        { order: ["direct_llm"], reason: "default_mode", cohort: "control" },
      ])
    }
    await put({ percentage: 0 })
    await expectKept()
    const between = await user.start("nothing is rolled out")
    expect(await decisionOf(between)).not.toHaveProperty("cohort")
    await put({ percentage: 100 })
    await expectKept()
    expect(await decisionOf(await user.send(between.sessionId, "and?"))).toMatchObject({
      cohort: "treatment",
    })
    await gateway.stop("SIGKILL")
    await start()
    await expectKept()
    const kept = (await user.json("GET", `/api/v1/chat/sessions/${control}`)).data
    expect(kept.cohort).toBe("control")
  })
})

describe("the rollout API", () => {
  it("accepts a change only for the state that If-Match names, and otherwise answers 412", async () => {
    const etag = async () => (await operator.request("GET", rolloutPath)).headers.get("etag")!
    const first = await etag()
    expect(first).toMatch(/^"[^"]+"$/)
    const taken = await put({ percentage: 5 }, { "if-match": first })
    expect(taken.status).toBe(200)
    expect(taken.headers.get("etag")).toBe(await etag())
    const refused = await put({ percentage: 50 }, { "if-match": first })
    expect(refused.status).toBe(412)
    expect(await refused.json()).toMatchObject({ success: false, error: { code: "PRECONDITION_FAILED" } })
    expect((await settings()).percentage).toBe(5)
    expect((await put({ percentage: 6 }, { "if-match": "*" })).status).toBe(200)
    expect((await put({ percentage: 7 })).status).toBe(200)
    expect((await put({ percentage: 8 }, { "if-match": `W/${await etag()}` })).status).toBe(412)
  })

  it("names every wrong and every unknown field with its path, and changes nothing", async () => {
    const before = await settings()
    const response = await put({
      percentage: 101,
      persentage: 5,
      deniedOrgs: ["a", ""],
      thresholds: { errorRate: 2, timeoutRate: 0.1, latencyRatio: 0.1, minSamples: 10, windowMs: 1 },
      rules: [
        { name: "a", when: {}, mode: "direct_llm" },
        { name: "b", when: { header: { name: "Cookie", value: "x" }, colour: "red" }, mode: "fast" },
      ],
    })
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as {
      error: { code: string; details: ReadonlyArray<{ path: string }> }
    }
    expect(error.code).toBe("VALIDATION_FAILED")
    expect(error.details.map(({ path }) => path).toSorted()).toEqual([
      "payload.deniedOrgs.1",
      "payload.percentage",
      "payload.persentage",
      "payload.rules.0.when",
      "payload.rules.1.mode",
      "payload.rules.1.when.colour",
      "payload.rules.1.when.header.name",
      "payload.thresholds.errorRate",
      "payload.thresholds.windowMs",
    ])
    expect(await settings()).toEqual(before)
  })

  it("records each change with author, request, reason, before and after, newest first", async () => {
    await put({ percentage: 5, shadowPercentage: 2, reason: "first step" }, { "x-request-id": "req-first" })
    await put({ percentage: 10 }, { "x-request-id": "req-second" })
    const page = async (query: string) => (await operator.json("GET", `${auditPath}${query}`)).data
    const { entries, nextCursor } = await page("?limit=1")
    expect(entries).toMatchObject([
      {
        by: { orgId: "ops", userId: "olga", requestId: "req-second" },
        action: "rollout.change",
        reason: null,
      },
    ])
    expect([entries[0].before, entries[0].after]).toEqual([{ percentage: 5 }, { percentage: 10 }])
    const second = await page(`?limit=1&cursor=${nextCursor}`)
    expect(second.entries).toMatchObject([{ by: { requestId: "req-first" }, reason: "first step" }])
    expect(second.entries[0].after).toEqual({ percentage: 5, shadowPercentage: 2 })
    expect(second.entries[0].at).toBeLessThanOrEqual(entries[0].at)
    const { nextCursor: last } = await page("?limit=200")
    expect(last).toBeNull()
    expect((await operator.request("GET", `${auditPath}?cursor=x`)).status).toBe(400)
  })

  it("also records operator overrides, with the state before and after", async () => {
    const fallback = (verb: string, body: unknown) =>
      operator.json("POST", `/api/v1/runtime/fallback/${verb}`, body)
    await fallback("force", { mode: "direct_llm", orgId: "acme", reason: "they asked" })
    await fallback("force", { mode: "none", orgId: "acme", reason: "over" })
    await fallback("reset", { reason: "mended" })
    const { entries } = (await operator.json("GET", `${auditPath}?limit=3`)).data
    const forced = {
      orgId: "acme",
      state: "forced_direct",
      forced: { mode: "direct_llm", reason: "they asked" },
    }
    const free = { orgId: "acme", state: "closed", forced: null }
    expect(entries).toMatchObject([
      { action: "fallback.reset", reason: "mended", before: { orgId: null }, after: { state: "closed" } },
      { action: "fallback.force", reason: "over", before: forced, after: free },
      { action: "fallback.force", reason: "they asked", by: { userId: "olga" }, before: free, after: forced },
    ])
  })

  it("is for operators: reading needs operator:read, changing operator:write", async () => {
    const status = async (permission: string, method: string, path: string) => {
      const client = new Client(gateway.url, await operatorToken([permission], "ops", "otto"))
      return (await client.request(method, path, method === "PUT" ? {} : undefined)).status
    }
    const all: ReadonlyArray<readonly [string, string]> = [
      ["GET", rolloutPath],
      ["GET", auditPath],
      ["PUT", rolloutPath],
    ]
    const statuses = (permission: string) =>
      Promise.all(all.map(([method, path]) => status(permission, method, path)))
    for (const others of ["chat:*", "admin:*", "*"]) expect(await statuses(others)).toEqual([403, 403, 403])
    expect(await statuses("operator:read")).toEqual([200, 200, 403])
    expect(await statuses("operator:write")).toEqual([403, 403, 200])
  })
})
