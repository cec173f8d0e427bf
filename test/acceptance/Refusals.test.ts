import { describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ CORS_ALLOWED_ORIGINS: "https://chat.example,https://b.example" })

const unknownId = "00000000-0000-4000-8000-00000000ffff"

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
const bodyOf = (answer: Response): Promise<any> => answer.json() as Promise<any>

describe("the input checks", () => {
  it("name every wrong field", async () => {
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
      "an agent that does not exist",
      "POST",
      "/api/v1/chat/start",
      { agentId: unknownId, message: "x" },
      404,
      "AGENT_NOT_FOUND",
    ],
    [
      "a session that does not exist",
      "POST",
      `/api/v1/chat/sessions/${unknownId}`,
      { message: "x" },
      404,
      "SESSION_NOT_FOUND",
    ],
    ["a run that does not exist", "GET", `/api/v1/chat/runs/${unknownId}`, undefined, 404, "RUN_NOT_FOUND"],
    ["a path that does not exist", "GET", "/api/v1/nope", undefined, 404, "ROUTE_NOT_FOUND"],
    ["a wrong method", "DELETE", "/api/v1/chat/start", undefined, 405, "METHOD_NOT_ALLOWED"],
  ] as const)("answer %s with its status and code", async (_, method, path, body, status, code) => {
    const answer = await world.client.request(method, path, body)
    expect([answer.status, (await bodyOf(answer)).error.code]).toEqual([status, code])
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("accept the longest allowed message, byte for byte", async () => {
    const message = "ü".repeat(100_000)
    const stream = await world.client.start(message)
    await stream.rest()
    expect((await world.messages(stream.sessionId))[0].content).toBe(message)
  })

  it("C2: C8: answer 415 for another content type, 413 above 1 MiB, and 400 for invalid JSON", async () => {
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

  it("C8: allow calls from pages of listed origins only", async () => {
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

  it("X11: replace an invalid request id", async () => {
    const answer = await world.client.request("GET", "/api/v1/health", undefined, {
      "x-request-id": "a b<script>",
    })
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  })
})
