import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { operatorToken } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let asked = 0
let runtime: Server
let gateway: Running
beforeAll(async () => {
  runtime = createServer((_, response) => {
    asked++
    response.setHeader("content-type", "application/json").end('{"status":"healthy"}')
  }).listen(0, "127.0.0.1")
  await once(runtime, "listening")
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "runtime_orchestrator",
    CHAT_RUNTIME_PROBES: "false",
    RUNTIME_SERVICE_URL: `http://127.0.0.1:${(runtime.address() as AddressInfo).port}`,
  })
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  runtime.close()
  folder.dispose()
})

/** The answer to bytes that `fetch` would not send. */
const raw = async (head: string): Promise<string> => {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1")
  let answer = ""
  socket.setEncoding("utf8").on("data", (data: string) => (answer += data))
  socket.write(`${head}\r\nConnection: close\r\n\r\n`)
  await once(socket, "close")
  return answer
}

describe("a request", () => {
  it.each([
    ["GET /api/v1/health HTTP/1.1\r\nHost: a\r\nHost: b", 400],
    ["GET /api/v1/health HTTP/1.1\r\nhost: a\r\nHOST: a", 400],
    ["GET /api/v1/health HTTP/1.1", 400],
    ["GET /api/v1/health HTTP/1.1\r\nHost: a", 200],
    ["GET /api/v1/health HTTP/1.0", 200],
  ])("needs one valid Host header: %j is answered with %i", async (head, status) => {
    const answer = await raw(head)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer.includes('"message":"Send one Host header."')).toBe(status === 400)
  })

  it.each([
    "/METRICS",
    "/metrics/",
    "//metrics",
    "/api/v1//health",
    "/API/v1/health",
    "/api/v1/health/",
    "//",
    "/%6detrics",
    "/metrics;x",
    "/api/v1/%68ealth",
    "/api/v1/health;x",
  ])("matches its exact path: %s is another", async (path) => {
    const answer = await fetch(`${gateway.url}${path}`)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ success: false, error: { code: "ROUTE_NOT_FOUND" } })
  })

  it("accepts an organisation's id of the longest length", async () => {
    const headers = { authorization: `Bearer ${await operatorToken()}` }
    const path = `/api/v1/runtime/metrics/${encodeURIComponent("ü".repeat(200))}`
    expect((await fetch(`${gateway.url}${path}`, { headers })).status).toBe(200)
  })
})

it("refuses a tunnel with a message, and * is not an allowed origin of pages", async () => {
  expect(await raw("CONNECT example.com:443 HTTP/1.1\r\nhost: x")).toMatch(
    /^HTTP\/1.1 405 [\s\S]*METHOD_NOT_ALLOWED/,
  )
  expect(await raw("GET * HTTP/1.1\r\nhost: x")).toMatch(/^HTTP\/1.1 404 /)
  expect(await raw("GET /metrics#x HTTP/1.1\r\nhost: x")).toMatch(/^HTTP\/1.1 404 /)
})

it("pages run only their own scripts, and no answer may be framed", async () => {
  for (const path of ["/", "/docs", "/openapi.json", "/metrics", "/api/v1/health", "/nothing"]) {
    const policy = (await fetch(`${gateway.url}${path}`)).headers.get("content-security-policy") ?? ""
    expect([path, policy]).toEqual([path, expect.stringContaining("frame-ancestors 'none'")])
    const scripts = /(?:script|default)-src ([^;]*)/.exec(
      policy.replace("default-src 'none'; script", "script"),
    )?.[1]
    // The console has no inline script; its own files are its scripts.
    const own = path === "/" ? /^'self'$/ : /^('none'|('sha256-[\w+/]{43}=' ?)+)$/
    expect([path, scripts]).toEqual([path, expect.stringMatching(own)])
  }
  const console_ = (await fetch(gateway.url)).headers
  expect(console_.get("content-security-policy")).not.toContain("unsafe")
  expect(console_.get("cross-origin-opener-policy")).toBe("same-origin")
})

it("every page and every answer has security headers", async () => {
  for (const path of ["/", "/docs", "/openapi.json", "/api/v1/health", "/nothing"]) {
    const { headers } = await fetch(`${gateway.url}${path}`)
    expect([path, Object.fromEntries(headers)]).toMatchObject([
      path,
      { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY" },
    ])
  }
})

it("readiness probes the runtime once a second, at any rate of requests", async () => {
  asked = 0
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => fetch(`${gateway.url}/api/v1/health/ready`)),
  )
  for (const answer of answers) {
    expect(await answer.json()).toMatchObject({ data: { parts: { runtime: { status: "healthy" } } } })
  }
  expect(asked).toBeGreaterThan(0)
  // At most one a second for the duration of the fifty requests.
  expect(asked).toBeLessThan(10)
})
