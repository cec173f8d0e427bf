import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { beforeAll, expect, it } from "vitest"
import { Client, operatorToken } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ LOG_LEVEL: "warn" })
const path = "/api/v1/runtime/runs"
const secret = "a question that only its user may see"
const comment = "a comment for the operators"

let ana: Client
let admin: Client
let reader: Client
let run: { readonly id: string; readonly sessionId: string; readonly messageId: string }

const turn = async (client: Client, message: string) => {
  const stream = await client.start(message)
  const messageId: string = (await stream.rest()).at(-1)?.data.messageId
  return { id: stream.runId, sessionId: stream.sessionId, messageId }
}

const runsOf = async (client: Client, query: string): Promise<ReadonlyArray<{ readonly id: string }>> => {
  const answer = await client.json("GET", `${path}${query}`)
  expect({ query, ...answer }).toMatchObject({ success: true })
  return answer.data.runs
}

const idsOf = async (client: Client, query: string) => (await runsOf(client, query)).map(({ id }) => id)

/** The newest entries of the audit. */
// oxlint-disable-next-line typescript/no-explicit-any -- entries as the API shows them
const audited = async (limit: number): Promise<ReadonlyArray<any>> =>
  (await world.operator.json("GET", `/api/v1/runtime/audit?limit=${limit}`)).data.entries

beforeAll(async () => {
  ana = await world.as("acme", "ana")
  admin = await world.as("acme", "adam", ["admin:read"])
  reader = new Client(world.gateway.url, await operatorToken(["operator:read"]))
  run = await turn(ana, secret)
  await ana.request("PUT", `/api/v1/chat/messages/${run.messageId}/feedback`, { rating: "down", comment })
})

it("lists the runs of the own organisation to an administrator, and all to an operator", async () => {
  const other = await turn(await world.as("other", "ana"), "hello")
  expect(await idsOf(admin, "")).toEqual([run.id])
  expect(await idsOf(reader, "?limit=2")).toEqual([other.id, run.id])
  expect(await idsOf(reader, "?org=other")).toEqual([other.id])
  expect((await admin.request("GET", `${path}?org=other`)).status).toBe(404)
  expect((await admin.request("GET", `${path}/${other.id}`)).status).toBe(404)
  expect(JSON.stringify(await admin.json("GET", path))).not.toContain(secret)
  expect(JSON.stringify(await admin.json("GET", path))).not.toContain(comment)
  const first = (await reader.json("GET", `${path}?limit=1`)).data
  expect(first).toMatchObject({ runs: [{ id: other.id }], hasMore: true })
  expect(await idsOf(reader, `?limit=1&cursor=${first.nextCursor}`)).toEqual([run.id])
})

it("finds a run by each filter", async () => {
  const { data } = await ana.json("GET", `/api/v1/chat/runs/${run.id}`)
  const { agentId, createdAt, traceId } = data
  const matching = [
    "org=acme",
    "user=ana",
    `session=${run.sessionId}`,
    `agent=${agentId}`,
    "mode=runtime_orchestrator",
    "status=completed",
    "reason=default_mode",
    `from=${createdAt}`,
    `to=${createdAt + 1000}`,
    "feedback=down",
    "feedback=any",
    ...(traceId === null ? [] : [`traceId=${traceId}`]),
  ]
  const together = matching.filter((filter) => filter !== "feedback=any").join("&")
  for (const filter of [...matching, together])
    expect([filter, ...(await idsOf(admin, `?${filter}`))]).toEqual([filter, run.id])
  for (const filter of [
    "user=eve",
    `session=${run.id}`,
    `agent=${run.id}`,
    "mode=direct_llm",
    "status=failed",
    "code=LLM_UNAVAILABLE",
    "reason=default%25mode",
    "feedback=up",
    `traceId=${"0".repeat(32)}`,
    `from=${createdAt + 60_000}`,
    "to=1",
  ])
    expect([filter, ...(await idsOf(admin, `?${filter}`))]).toEqual([filter])
  world.model.answers.push({ kind: "status", status: 400 })
  const failed = await turn(ana, JSON.stringify({ scenario: "error" }))
  const { error } = (await admin.json("GET", `${path}/${failed.id}`)).data
  expect(await idsOf(admin, `?code=${error.code}&status=failed`)).toEqual([failed.id])
})

it("refuses a filter with the name of its field", async () => {
  for (const [query, field] of [
    ["status=done", "query.status"],
    ["mode=x", "query.mode"],
    ["code=x", "query.code"],
    ["traceId=abc", "query.traceId"],
    ["session=x", "query.session"],
    ["from=yesterday", "query.from"],
    ["from=5&to=5", "query.to"],
    ["feedback=good", "query.feedback"],
    ["cursor=x", "query.cursor"],
    ["limit=201", "query.limit"],
  ] as const) {
    const { error } = await admin.json("GET", `${path}?${query}`)
    expect([query, error.code]).toEqual([query, "VALIDATION_FAILED"])
    expect(error.details.map((problem: { readonly path: string }) => problem.path)).toContain(field)
  }
})

it("shows the facts of a run without a text of its user", async () => {
  for (const client of [admin, reader, world.operator]) {
    const response = await client.request("GET", `${path}/${run.id}`)
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).not.toContain(secret)
    expect(text).not.toContain(comment)
    const { data } = JSON.parse(text)
    expect(data).toMatchObject({
      id: run.id,
      userId: "ana",
      status: "completed",
      decision: { reason: "default_mode" },
      feedback: { rating: "down", messageId: run.messageId },
      content: null,
      eventsKept: true,
    })
    expect(data.attempts).toHaveLength(1)
    expect(data.times.totalMs).toBeGreaterThanOrEqual(0)
  }
})

it("shows the content to those with the permission only", async () => {
  const withContent = `${path}/${run.id}?content=true`
  const owner = await world.as("acme", "oscar", ["admin:read", "admin:content"])
  const wildcard = await world.as("acme", "adam", ["admin:*"])
  const stranger = await world.as("other", "eve", ["admin:*"])
  const operators = new Client(world.gateway.url, await operatorToken(["operator:read", "operator:content"]))
  const half = new Client(world.gateway.url, await operatorToken(["operator:read", "admin:*", "*"]))
  for (const client of [owner, wildcard, operators]) {
    const { data } = await client.json("GET", withContent)
    expect(data.content).toMatchObject({
      question: { role: "user", content: secret },
      answer: { id: run.messageId, role: "assistant" },
      comment,
    })
    expect(data.content.answer.content).not.toBe("")
  }
  for (const [client, status, lacking] of [
    [admin, 403, "admin:content"],
    [reader, 403, "operator:content"],
    [half, 403, "operator:content"],
    [stranger, 404, "no such run"],
    [ana, 200, secret],
    [await world.as("acme", "ana", ["chat:*"]), 403, "admin:read"],
  ] as const) {
    const response = await client.request("GET", withContent)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(lacking)
  }
})

it("records each look with its caller, its object and its use of content", async () => {
  const operator = new Client(world.gateway.url, await operatorToken(["operator:*"], "ops", "otto"))
  await admin.json("GET", `${path}?user=ana&feedback=down`)
  await operator.json("GET", `${path}/${run.id}`)
  await operator.json("GET", `${path}/${run.id}?content=true`)
  const seen = { runId: run.id, orgId: "acme", userId: "ana" }
  const entries = await audited(3)
  expect(entries).toMatchObject([
    { action: "runs.read", by: { orgId: "ops", userId: "otto" }, after: { ...seen, content: true } },
    { action: "runs.read", by: { orgId: "ops", userId: "otto" }, after: { ...seen, content: false } },
    {
      action: "runs.list",
      by: { orgId: "acme", userId: "adam" },
      after: { orgId: "acme", filter: { user: "ana", feedback: "down" }, found: 1 },
    },
  ])
  expect(JSON.stringify(entries)).not.toContain(secret)
  await admin.request("GET", `${path}/${run.id}?content=true`)
  await admin.request("GET", `${path}/${run.sessionId}`)
  expect((await audited(1))[0].id).toBe(entries[0].id)
})

it("are in the terminal too: a list, an account, and the texts on demand", async () => {
  const owner = await world.as("acme", "oscar", ["admin:read", "admin:content"])
  const crossfade = async (token: string, ...args: ReadonlyArray<string>) => {
    const env = { PATH: process.env["PATH"], CROSSFADE_TOKEN: token }
    const command = ["src/cli/main.ts", "runs", ...args, "--url", world.gateway.url]
    return (await promisify(execFile)(process.execPath, command, { env })).stdout
  }
  const listed = await crossfade(owner.token, "list", "--user", "ana", "--feedback", "down")
  expect(listed).toMatch(new RegExp(`${run.id} +acme +ana +completed .*default_mode +- +down`))
  const shown = await crossfade(owner.token, "show", run.id)
  expect(shown).toContain("attempt 1   runtime_orchestrator (runtime): success")
  expect(shown).not.toContain(secret)
  const withTexts = await crossfade(owner.token, "show", run.id, "--content")
  expect(withTexts).toContain(`QUESTION\n${secret}\n`)
  expect(withTexts).toContain(`COMMENT\n${comment}\n`)
  await expect(crossfade(admin.token, "show", run.id, "--content")).rejects.toThrow("admin:content")
  await expect(crossfade(owner.token, "list", "--status", "done")).rejects.toThrow("status")
}, 60_000)

it("streams the events of a run to a caller that may read its content, after an audit entry", async () => {
  const own = await (await ana.events(run.id)).rest()
  const content = new Client(world.gateway.url, await operatorToken(["operator:read", "operator:content"]))
  const [before] = await audited(1)
  const events = `${path}/${run.id}/events`
  expect((await reader.request("GET", events)).status).toBe(403)
  expect((await admin.request("GET", events)).status).toBe(403)
  expect((await audited(1))[0]).toEqual(before)
  const read = await content.stream("GET", events)
  expect(await read.rest()).toEqual(own)
  expect((await audited(1))[0]).toMatchObject({
    action: "runs.read",
    after: { runId: run.id, orgId: "acme", userId: "ana", content: true },
  })
  const rest = await content.stream("GET", events, undefined, { "last-event-id": own.at(-2)?.id ?? "" })
  expect(await rest.rest()).toEqual(own.slice(-1))
  const stranger = await world.as("other", "adam", ["admin:read", "admin:content"])
  expect((await stranger.request("GET", events)).status).toBe(404)
})
