import { describe, expect, it } from "vitest"
import { Client, defaultAgent, ofType } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const page = "https://app.example"
const world = useWorld({
  CORS_ALLOWED_ORIGINS: `${page},tauri://localhost,https://*.preview.example`,
  AGENT2UI_PROTOCOL_BY: "org:oldco=1,origin:https://old.preview.example=1",
})

const anonymous = () => new Client(world.gateway.url, "")
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${world.gateway.url}${path}`, { headers })

const finished = async (message: unknown = "hello") => {
  const stream = await world.client.start(message)
  const frames = await stream.rest()
  return { runId: stream.runId, sessionId: stream.sessionId, last: frames.at(-1)!.seq! }
}

describe("a reader at the end of a completed run", () => {
  it("gets 204 for its cursor in any allowed header or parameter, with GET and with POST", async () => {
    const { last, runId, sessionId } = await finished()
    const path = `/api/v1/chat/runs/${runId}/events`
    for (const seq of [last, last + 1, 999_999]) {
      const id = `${runId}:${seq}`
      const body = { agentId: defaultAgent, message: "anything" }
      const send = `/api/v1/chat/sessions/${sessionId}`
      for (const answer of await Promise.all([
        world.client.request("GET", path, undefined, { "last-event-id": id }),
        world.client.request("GET", `${path}?after=${seq}`),
        world.client.request("GET", `${path}?after=${id}`),
        world.client.request("GET", `${path}?lastEventId=${id}`),
        world.client.request("GET", `${path}?lastEventId=${seq}&protocol=1`),
        world.client.request("POST", "/api/v1/chat/start", body, { "last-event-id": id }),
        world.client.request("POST", `/api/v1/chat/start?lastEventId=${id}`, body),
        world.client.request("POST", `${send}?after=${id}`, { message: "anything" }),
      ])) {
        expect([answer.status, await answer.text()]).toEqual([204, ""])
        expect(answer.headers.get("x-run-id")).toBe(runId)
      }
    }
    expect((await world.log()).executions).toHaveLength(1)
  })

  it("gets the end of an interrupted run once, and then 204", async () => {
    const stream = await world.client.start({ scenario: "slow", count: 100, delay_ms: 50 })
    await stream.until(({ seq }) => seq === 3)
    await world.restart()
    let lastId = `${stream.runId}:9`
    const ends: Array<string> = []
    for (const status of [200, 204]) {
      const again = await world.client.events(stream.runId, { "last-event-id": lastId })
      expect(again.response.status).toBe(status)
      for (const { event, id } of await again.rest()) {
        ends.push(event)
        lastId = id ?? lastId
      }
    }
    expect(ends).toEqual(["error"])
  })

  it("with an empty cursor reads the run from its beginning", async () => {
    const { last, runId } = await finished()
    const again = await world.client.events(runId, { "last-event-id": "" }, "?after=&lastEventId=&protocol=")
    expect((await again.rest()).map(({ seq }) => seq)).toEqual(Array.from({ length: last }, (_, n) => n + 1))
    const fresh = await world.client.start("hello", { "last-event-id": "" })
    await fresh.rest()
    expect(fresh.runId).not.toBe(runId)
  })

  it("gets an error that names the field if a POST cannot resume its cursor", async () => {
    const answer = await world.client.request("POST", "/api/v1/chat/start?after=7", {
      agentId: defaultAgent,
      message: "hello",
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { details: [{ path: "query.after" }] } })
  })
})

describe("a read ticket", () => {
  const ticketFor = async (runId: string) =>
    (await world.client.json("POST", `/api/v1/chat/runs/${runId}/ticket`)).data

  it("opens its run's events without a token, and nothing else", async () => {
    const { last, runId } = await finished()
    const other = await finished()
    const { expiresAt, ticket, url } = await ticketFor(runId)
    expect(url).toBe(`/api/v1/chat/runs/${runId}/events?ticket=${ticket}`)
    expect(expiresAt - Date.now()).toBeGreaterThan(50_000)
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(60_000)
    const frames = await (await anonymous().events(runId, { authorization: "" }, `?ticket=${ticket}`)).rest()
    expect(frames.map(({ seq }) => seq)).toEqual(Array.from({ length: last }, (_, n) => n + 1))
    const resumed = await get(`${url}&lastEventId=${runId}:${last}`)
    expect(resumed.status).toBe(204)
    const refused = [
      get(`/api/v1/chat/runs/${other.runId}/events?ticket=${ticket}`),
      get(`/api/v1/chat/runs/${runId}?ticket=${ticket}`),
      get(`/api/v1/chat/sessions?ticket=${ticket}`),
      get(`/api/v1/chat/runs/${runId}/events`, { authorization: `Bearer ${ticket}` }),
      get(`/api/v1/chat/runs/${runId}/events?ticket=${world.client.token}`),
      get(`/api/v1/chat/runs/${runId}/events?ticket=`),
      get(`/api/v1/chat/runs/${runId}/events?ticket=${ticket}&ticket=${ticket}`),
    ]
    for (const answer of await Promise.all(refused)) expect(answer.status).toBe(401)
  })

  it("is issued only to the run's user with read permission, and the answer must not be cached", async () => {
    const { runId } = await finished()
    const path = `/api/v1/chat/runs/${runId}/ticket`
    const stranger = await world.as("acme", "bob")
    expect((await stranger.request("POST", path)).status).toBe(404)
    const writer = await world.as("acme", "ana", ["chat:write"])
    expect((await writer.request("POST", path)).status).toBe(403)
    const given = await world.client.request("POST", path)
    expect(given.headers.get("cache-control")).toBe("no-store")
    const { data } = (await given.json()) as { readonly data: { readonly ticket: string } }
    await get(`/api/v1/chat/runs/${runId}/events?ticket=${data.ticket}`)
    expect(world.gateway.output()).not.toContain(data.ticket)
  })
})

describe("a client that cannot request protocol 1", () => {
  const plansOf = async (client: Client, headers: Record<string, string> = {}, query = "") =>
    ofType(await (await client.start({ scenario: "all" }, headers, query)).rest(), "plan").length

  it("gets it by its organisation or its page's origin; an explicit request takes precedence", async () => {
    const old = await world.as("oldco", "ana")
    const origin = { origin: "https://old.preview.example" }
    const asks = [
      plansOf(old),
      plansOf(world.client, origin),
      plansOf(old, {}, "?protocol=2"),
      plansOf(old, { "x-agent2ui-protocol": "2" }),
      plansOf(world.client, { ...origin, "x-agent2ui-protocol": "2" }),
      plansOf(world.client),
      plansOf(world.client, { "x-agent2ui-protocol": "1" }),
      plansOf(old, { "x-agent2ui-protocol": "two" }, "?protocol="),
    ]
    const [byOrg, byOrigin, ...others] = await Promise.all(asks)
    expect(byOrg).toBeGreaterThan(5)
    expect(byOrigin).toBe(byOrg)
    expect(others).toEqual([1, 1, 1, 1, byOrg, byOrg])
  })

  it("resumes it, with the whole plan and its tool calls completed", async () => {
    const stream = await world.client.start({ scenario: "all" }, {}, "?protocol=1")
    const whole = await stream.rest()
    const plans = ofType(whole, "plan")
    for (const { data } of plans) expect(data.data.steps).toHaveLength(4)
    const closed = ofType(whole, "tool_call").filter(({ data }) => data.data.status !== "calling")
    expect(closed.map(({ data }) => [data.data.toolName, data.data.status])).toEqual([
      ["search", "success"],
      ["summarise", "success"],
      ["lookup", "error"],
    ])
    expect(closed[0]?.data.data.arguments).toEqual({ query: "météo" })
    for (const after of [1, 3, 4, 6, 9, 12, 20]) {
      const rest = await (await world.client.events(stream.runId, {}, `?protocol=1&after=${after}`)).rest()
      expect(rest).toEqual(whole.slice(whole.length - rest.length))
      expect(rest.find(({ seq }) => seq! > after)?.seq).toBe(after + 1)
    }
  })
})

describe("a page from a listed origin", () => {
  const origins = [page, "tauri://localhost", "https://pr-7.preview.example"]

  it("may read every answer: streams, 204, errors of every kind, and the preflight of any path", async () => {
    const { last, runId } = await finished()
    const token = { authorization: `Bearer ${world.client.token}` }
    const events = `/api/v1/chat/runs/${runId}/events`
    const post = (body: string, more: Record<string, string> = {}) =>
      fetch(`${world.gateway.url}/api/v1/chat/start`, {
        method: "POST",
        headers: { origin: page, ...token, "content-type": "application/json", ...more },
        body,
      })
    for (const origin of origins) {
      const asked: ReadonlyArray<readonly [number, Promise<Response>]> = [
        [200, get(events, { origin, ...token })],
        [204, get(`${events}?after=${last}`, { origin, ...token })],
        [401, get(events, { origin })],
        [404, get("/nothing", { origin })],
        [405, fetch(`${world.gateway.url}${events}`, { method: "DELETE", headers: { origin } })],
        [400, post("{", { origin })],
        [413, post(JSON.stringify({ message: "x".repeat(1_100_000) }), { origin })],
        [415, post("hello", { origin, "content-type": "text/plain" })],
      ]
      for (const [status, answer] of asked) {
        const { headers, status: got } = await answer
        expect([got, headers.get("access-control-allow-origin"), headers.get("vary")]).toEqual([
          status,
          origin,
          "Origin",
        ])
        expect(headers.get("access-control-expose-headers")).toContain("x-run-id")
      }
    }
  })

  it("may send the headers of tracing libraries", async () => {
    const wanted = ["traceparent", "tracestate", "baggage", "sentry-trace", "cache-control", "last-event-id"]
    const answer = await fetch(`${world.gateway.url}/api/v1/chat/start`, {
      method: "OPTIONS",
      headers: { origin: page, "access-control-request-method": "POST" },
    })
    expect(answer.status).toBe(204)
    for (const name of wanted) expect(answer.headers.get("access-control-allow-headers")).toContain(name)
  })
})
