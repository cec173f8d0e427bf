import { describe, expect, it } from "vitest"
import { undeclared } from "../support/declared.ts"

const error = (code: string) => ({ success: false, error: { code, message: "x" } })
const session = "/api/v1/chat/sessions/00000000-0000-4000-8000-000000000001"

describe("the errors of the API description", () => {
  it("contain an error that the route can answer", () => {
    const answer = { method: "GET", path: session, status: 404, body: error("SESSION_NOT_FOUND") }
    expect(undeclared(answer)).toBeUndefined()
  })

  it.each([
    ["GET", session, 404, "AGENT_NOT_FOUND"],
    ["GET", session, 413, "PAYLOAD_TOO_LARGE"],
    ["GET", "/api/v1/chat/sessions", 404, "SESSION_NOT_FOUND"],
    ["POST", "/api/v1/agents", 429, "RATE_LIMIT_USER"],
    ["GET", "/api/v1/health", 401, "AUTH_TOKEN_MISSING"],
  ])("leave out one that it cannot: %s %s %i %s", (method, path, status, code) => {
    expect(undeclared({ method, path, status, body: error(code) })).toContain(`${status} ${code}`)
  })

  it("leave out statuses that no answer of the route has", () => {
    expect(undeclared({ method: "GET", path: session, status: 206, body: undefined })).toContain("206")
  })

  it("need not repeat those of the server itself", () => {
    const answer = { method: "GET", path: session, status: 431, body: error("HEADERS_TOO_LARGE") }
    expect(undeclared(answer)).toBeUndefined()
  })
})
