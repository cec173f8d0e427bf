/** Sessions as a chat product organises them: titles, pins, archive, pages, runs, counts and cancels. */
import { describe, expect, it } from "vitest"
import type { Client } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

const path = "/api/v1/chat/sessions"
const started = async (client: Client, message: unknown) => {
  const stream = await client.start(message as string)
  await stream.rest()
  return stream
}
// oxlint-disable-next-line typescript/no-explicit-any -- sessions as the API shows them
const listed = async (client: Client, query = ""): Promise<ReadonlyArray<any>> =>
  (await client.json("GET", `${path}${query}`)).data.sessions
const titles = async (client: Client, query = "") => (await listed(client, query)).map(({ title }) => title)
const change = (client: Client, id: string, changes: object) => client.json("PATCH", `${path}/${id}`, changes)

describe("a user's sessions", () => {
  it("are renamed, pinned and archived, and a message brings an archived one back", async () => {
    const client = await world.as("acme", "organiser")
    const [one, two, three] = [
      await started(client, "one"),
      await started(client, "two"),
      await started(client, "three"),
    ]
    expect(await titles(client)).toEqual(["three", "two", "one"])
    await change(client, one.sessionId, { title: " First 🇳🇵 ", pinned: true })
    await change(client, three.sessionId, { archived: true })
    expect(await titles(client)).toEqual(["First 🇳🇵", "two"])
    expect(await titles(client, "?archived=true")).toEqual(["three"])
    expect(await titles(client, "?pinned=false")).toEqual(["two"])
    expect(await titles(client, "?pinned=true")).toEqual(["First 🇳🇵"])
    const counts = async () => (await client.json("GET", `${path}/counts`)).data
    expect(await counts()).toEqual({ total: 3, archived: 1, pinned: 1, running: 0 })
    await (await client.send(three.sessionId, "back again")).rest()
    expect(await titles(client)).toEqual(["First 🇳🇵", "three", "two"])
    const [first, third] = await listed(client)
    expect(first).toMatchObject({ titleSource: "user", status: "idle", messageCount: 2, runCount: 1 })
    expect(third).toMatchObject({ archived: false, messageCount: 4, runCount: 2, activeRunId: null })
    await (await client.send(two.sessionId, "again")).rest()
    expect(await titles(client)).toEqual(["First 🇳🇵", "two", "three"])
  })

  it("move with the message of the user, not with its answer or a new title", async () => {
    const client = await world.as("acme", "mover")
    const stream = await started(client, "one")
    const { data } = await client.json("GET", `${path}/${stream.sessionId}`)
    const [question] = data.messages
    expect(data.updatedAt).toBe(question.createdAt)
    expect((await change(client, stream.sessionId, { title: "Later" })).data.updatedAt).toBe(data.updatedAt)
  })

  it.each([
    [{}, "payload", "Expected at least one of title, pinned and archived"],
    [{ pined: true }, "payload", "Expected at least one of title, pinned and archived"],
    [{ title: "" }, "payload.title", "Expected at least 1 visible character"],
    [{ title: "a\nb" }, "payload.title", "Expected no line breaks and no control characters"],
    [{ title: "x".repeat(81) }, "payload.title", "Expected at most 80 characters"],
    [{ title: 7 }, "payload.title", "Expected string"],
    [{ pinned: "yes" }, "payload.pinned", "Expected boolean"],
    [{ archived: null }, "payload.archived", "Expected boolean"],
  ])("refuse the change %j and name its field", async (body, field, message) => {
    const stream = await started(world.client, "one")
    const answer = await world.client.request("PATCH", `${path}/${stream.sessionId}`, body)
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { code: "VALIDATION_FAILED", details: [{ path: field, message }] } },
    ])
  })

  it("are read page by page, and a session that moves up hides and repeats no other", async () => {
    const client = await world.as("acme", "reader")
    const streams = []
    for (const n of [1, 2, 3, 4, 5]) streams.push(await started(client, `number ${n}`))
    const first = (await client.json("GET", `${path}?limit=2`)).data
    expect(first.hasMore).toBe(true)
    await (await client.send(streams[4]!.sessionId, "again")).rest()
    const second = (await client.json("GET", `${path}?limit=2&cursor=${first.nextCursor}`)).data
    const third = (await client.json("GET", `${path}?limit=2&cursor=${second.nextCursor}`)).data
    const seen = [...first.sessions, ...second.sessions, ...third.sessions].map(({ title }) => title)
    expect(seen).toEqual(["number 5", "number 4", "number 3", "number 2", "number 1"])
    expect([third.hasMore, third.nextCursor]).toEqual([false, null])
    const refused = await client.json("GET", `${path}?order=created&cursor=${first.nextCursor}`)
    expect(refused.error.details).toEqual([
      { path: "query.cursor", message: "Expected the nextCursor of a page with order=created" },
    ])
    const created = (await client.json("GET", `${path}?order=created&limit=4`)).data
    const rest = (await client.json("GET", `${path}?cursor=${created.nextCursor}`)).data
    expect([...created.sessions, ...rest.sessions].map(({ title }) => title)).toEqual(seen)
  })

  it("show their messages page by page, before any message", async () => {
    const client = await world.as("acme", "scroller")
    const { sessionId } = await started(client, "one")
    for (const message of ["two", "three"]) await (await client.send(sessionId, message)).rest()
    const page = async (query: string) => (await client.json("GET", `${path}/${sessionId}${query}`)).data
    const whole = await page("")
    expect([whole.messages.length, whole.hasMore]).toEqual([6, false])
    const last = await page("?limit=2")
    expect([last.messages.length, last.hasMore]).toEqual([2, true])
    const [oldest] = last.messages
    const byId = await page(`?limit=3&before=${oldest.id}`)
    expect(byId.messages).toEqual(whole.messages.slice(1, 4))
    expect(await page(`?limit=3&before=${last.nextCursor}`)).toEqual(byId)
    expect(await page(`?limit=3&cursor=${last.nextCursor}`)).toEqual(byId)
    expect((await page(`?before=${whole.messages[0].id}`)).messages).toEqual([])
    const elsewhere = (await started(client, "other")).sessionId
    const [foreign] = (await client.json("GET", `${path}/${elsewhere}`)).data.messages
    const problems = {
      [`?before=${foreign.id}`]: "There is no such message in the session",
      "?before=x": "Expected the id of a message, or the nextCursor of a page of this list",
      [`?before=${oldest.id}&cursor=${last.nextCursor}`]: "Expected either before or cursor",
    }
    for (const [query, message] of Object.entries(problems)) {
      const { error } = await client.json("GET", `${path}/${sessionId}${query}`)
      expect(error?.details).toEqual([{ path: "query.before", message }])
    }
  })

  it("show and cancel their running run, and list their runs", async () => {
    const client = await world.as("acme", "canceller")
    const stream = await client.start({ scenario: "slow", count: 1000, delay_ms: 20 })
    await stream.until(({ seq }) => seq === 3)
    const { runId, sessionId } = stream
    const [session] = await listed(client)
    expect(session).toMatchObject({ id: sessionId, status: "running", activeRunId: runId })
    expect((await client.json("GET", `${path}/counts`)).data.running).toBe(1)
    const cancel = async () => (await client.json("POST", `${path}/${sessionId}/cancel`)).data
    expect(await cancel()).toEqual({ sessionId, runId, cancelled: true })
    await stream.rest()
    expect(await cancel()).toEqual({ sessionId, runId: null, cancelled: false })
    await (await client.send(sessionId, "two")).rest()
    const first = (await client.json("GET", `${path}/${sessionId}/runs?limit=1`)).data
    const rest = (await client.json("GET", `${path}/${sessionId}/runs?cursor=${first.nextCursor}`)).data
    expect([...first.runs, ...rest.runs].map(({ status }) => status)).toEqual(["completed", "cancelled"])
    expect(first.runs[0]).not.toHaveProperty("decision")
  })

  it("state that their last turn failed", async () => {
    const client = await world.as("acme", "unlucky")
    const failed = await client.start({ scenario: "truncate", after: "tool_call" })
    await failed.rest()
    expect(failed.frames.at(-1)?.event).toBe("error")
    expect(await listed(client)).toMatchObject([{ status: "failed", activeRunId: null }])
    await (await client.send(failed.sessionId, "again")).rest()
    expect(await listed(client)).toMatchObject([{ status: "idle" }])
  })
})
