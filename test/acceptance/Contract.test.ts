import { describe, expect, it } from "vitest"
import { readFileSync } from "node:fs"
import { useWorld } from "../support/world.ts"

const world = useWorld()

describe("the contract's documents", () => {
  it("OpenAPI lists every route with its permissions, its errors and the Agent2UI schemas", async () => {
    const answer = await fetch(`${world.gateway.url}/openapi.json`)
    const document = (await answer.json()) as {
      readonly paths: Record<string, Record<string, { readonly responses: Record<string, unknown> }>>
      readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: unknown }
    }
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(routes).toEqual(
      expect.arrayContaining([
        "POST /api/v1/chat/start",
        "POST /api/v1/chat/sessions/{sessionId}",
        "GET /api/v1/chat/sessions",
        "GET /api/v1/chat/sessions/{sessionId}",
        "GET /api/v1/chat/runs/{runId}",
        "GET /api/v1/chat/runs/{runId}/events",
        "POST /api/v1/chat/runs/{runId}/cancel",
        "GET /api/v1/health",
        "GET /api/v1/health/ready",
        "GET /api/v1/runtime/metrics",
        "GET /api/v1/runtime/metrics/{orgId}",
        "GET /api/v1/runtime/fallback/status",
        "POST /api/v1/runtime/fallback/reset",
        "GET /api/v1/agents",
        "POST /api/v1/agents",
        "PATCH /api/v1/agents/{agentId}",
      ]),
    )
    const statuses = Object.keys(document.paths["/api/v1/chat/start"]?.["post"]?.responses ?? {})
    expect(statuses).toEqual(expect.arrayContaining(["200", "400", "401", "403", "404", "422", "429", "503"]))
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(["Agent2UI_text", "Agent2UI_plan_step", "Agent2UI_retract"]),
    )
    expect(document.components.securitySchemes).toBeDefined()
  })

  it("the reference page and the console load nothing from other hosts", async () => {
    for (const path of ["/docs", "/"]) {
      const answer = await fetch(`${world.gateway.url}${path}`)
      expect([path, answer.status]).toEqual([path, 200])
      expect(await answer.text()).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/)
    }
    const console_ = await fetch(`${world.gateway.url}/`)
    expect(console_.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(await console_.text()).toBe(readFileSync("src/console/built/index.html", "utf8"))
  })

  it("health reports the parts that are configured: the store, the runtime, direct mode, and no sandbox", async () => {
    expect(await (await fetch(`${world.gateway.url}/api/v1/health`)).json()).toEqual({
      success: true,
      data: { status: "alive" },
    })
    const ready = await fetch(`${world.gateway.url}/api/v1/health/ready`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toEqual({
      success: true,
      data: {
        ready: true,
        parts: {
          store: { status: "healthy" },
          runtime: { status: "healthy" },
          direct: { status: "healthy" },
        },
      },
    })
  })
})

describe("lists", () => {
  it("page sessions by a cursor, newest first, and refuse invalid pages", async () => {
    const client = await world.as("paging", "pia")
    const ids: Array<string> = []
    for (const message of ["one", "two", "three"]) {
      const stream = await client.start(message)
      await stream.rest()
      ids.unshift(stream.sessionId)
    }
    const first = (await client.json("GET", "/api/v1/chat/sessions?limit=2")).data
    expect(first.sessions.map((session: { id: string }) => session.id)).toEqual(ids.slice(0, 2))
    const second = (await client.json("GET", `/api/v1/chat/sessions?limit=2&cursor=${first.nextCursor}`)).data
    expect(second.sessions.map((session: { id: string }) => session.id)).toEqual(ids.slice(2))
    expect(second.nextCursor).toBeNull()
    const bad = await client.json("GET", "/api/v1/chat/sessions?limit=0&cursor=x")
    expect(bad.error.details.map((problem: { path: string }) => problem.path).toSorted()).toEqual([
      "query.cursor",
      "query.limit",
    ])
  })

  it("a parent message must belong to the session", async () => {
    const stream = await world.client.start("one")
    await stream.rest()
    const [user, assistant] = await world.messages(stream.sessionId)
    const path = `/api/v1/chat/sessions/${stream.sessionId}`
    const good = await world.client.stream("POST", path, { message: "two", parentMessageId: assistant.id })
    await good.rest()
    expect((await world.messages(stream.sessionId))[2].parentMessageId).toBe(assistant.id)
    expect(assistant.parentMessageId).toBe(user.id)
    const bad = await world.client.json("POST", path, {
      message: "x",
      parentMessageId: "00000000-0000-4000-8000-00000000abcd",
    })
    expect(bad.error).toMatchObject({
      code: "VALIDATION_FAILED",
      details: [{ path: "payload.parentMessageId" }],
    })
  })
})
