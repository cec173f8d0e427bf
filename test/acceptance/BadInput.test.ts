import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, operatorToken } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
let token: string
beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder.path, NODE_OPTIONS: "--max-old-space-size=512" })
  token = await operatorToken(["*", "operator:*"])
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const send = async (body: string, method = "POST", path = "/api/v1/agents") => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const init: RequestInit = { body, headers, method }
  const response = await fetch(`${gateway.url}${path}`, init)
  const text = await response.text()
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
  const json: any = JSON.parse(text)
  return { status: response.status, bytes: text.length, error: json.error, data: json.data }
}

const list = (item: string, count: number) => `[${Array(count).fill(item).join(",")}]`
const server = (authConfig: string) =>
  `{"id":"s","name":"s","endpoint":"https://e.example","transport":"t","isConnected":true,"availableTools":[],"authConfig":${authConfig}}`
const excess = `{${Array.from({ length: 60_000 }, (_, index) => `"x${index}":1`).join(",")}}`
const rollout = "/api/v1/runtime/rollout"

describe("C2: a body of 1 MiB", () => {
  it.each<readonly [string, string, ...ReadonlyArray<string>]>([
    ["a list of empty objects", `{"mcpServers":${list("{}", 333_000)}}`],
    ["lists of empty objects in a list", `{"subAgents":${list(`{"skills":${list("{}", 300)}}`, 1000)}}`],
    ["a valid list that is too long", `{"name":"a","mcpServers":${list(server("{}"), 8000)}}`],
    [
      "unknown servers",
      `{"name":"a","subAgents":${list(`{"id":"a","name":"a","description":"","systemPrompt":"","mcpServers":${list('"x"', 200)}}`, 900)}}`,
    ],
    ["unknown settings", excess, "PUT", rollout],
    ["one unknown setting", `{"${"x".repeat(1_000_000)}":1}`, "PUT", rollout],
    ["the same organisation again and again", `{"enabledOrgs":${list('"a"', 250_000)}}`, "PUT", rollout],
    ["unnamed rules", `{"rules":${list("{}", 333_000)}}`, "PUT", rollout],
    ["no steps", `{"steps":${list("0", 500_000)}}`, "POST", "/api/v1/runtime/autopilot"],
  ])("is refused with a short answer: %s", async (_, body, method?: string, path?: string) => {
    expect(body.length).toBeLessThan(1_048_576)
    const { bytes, error, status } = await send(body, method, path)
    expect([status, error.code]).toEqual([400, "VALIDATION_FAILED"])
    expect(bytes).toBeLessThan(12_000)
    expect(error.details.length).toBeLessThanOrEqual(20)
  })

  it.each([
    ["lists", "[".repeat(499_000) + "]".repeat(499_000)],
    ["members", '{"a":'.repeat(150_000) + "1" + "}".repeat(150_000)],
    ["65 levels in all", "[".repeat(62) + "]".repeat(62)],
  ])("is refused if it nests too deep: %s", async (_, nested) => {
    for (const [method, path] of [
      ["POST", "/api/v1/agents"],
      ["PUT", rollout],
      ["POST", "/api/v1/chat/start"],
    ]) {
      const { error, status } = await send(
        `{"name":"a","mcpServers":[${server(`{"a":[${nested}]}`)}]}`,
        method,
        path,
      )
      expect([status, error.details]).toEqual([
        400,
        [{ path: "payload", message: "Expected at most 64 levels of nesting" }],
      ])
    }
  })

  it("is refused as too large if it has one byte more", async () => {
    const fill = 1_048_576 - '{"name":""}'.length
    expect((await send(`{"name":"${"a".repeat(fill)}"}`)).status).toBe(400)
    expect((await send(`{"name":"${"a".repeat(fill + 1)}"}`)).status).toBe(413)
  })
})

describe("a small request body", () => {
  it("is refused with a list of all its errors", async () => {
    const { error } = await send('{"name":1,"active":2,"mcpServers":[{}]}')
    expect(error.details.map(({ path }: { path: string }) => path)).toEqual([
      "payload.name",
      "payload.active",
      ...["id", "name", "endpoint", "transport", "isConnected", "availableTools"].map(
        (field) => `payload.mcpServers.0.${field}`,
      ),
    ])
  })

  it("may nest 64 levels", async () => {
    const nested = "[".repeat(60) + "]".repeat(60)
    expect((await send(`{"name":"a","mcpServers":[${server(`{"a":${nested}}`)}]}`)).status).toBe(200)
  })

  it("may repeat a key, where the last value counts, and name a prototype, which changes nothing", async () => {
    const proto = '"__proto__":{"isAdmin":true,"name":"x"},"constructor":{"prototype":{"isAdmin":true}}'
    const { data, status } = await send(
      `{"name":"a","name":"b",${proto},"mcpServers":[${server(`{${proto}}`)}]}`,
    )
    expect([status, data.settings.name, data.settings.isAdmin]).toEqual([200, "b", undefined])
    const again = await new Client(gateway.url, token).json("GET", `/api/v1/agents/${data.id}`)
    expect(again.data).toEqual(data)
  })

  it.each(["\\ud800", "\\udc00\\ud800", "\\u0000", "\ufffe\u202e"])("may hold the text %s", async (text) => {
    const { data, status } = await send(`{"name":"a","systemPrompt":"${text}"}`)
    expect(status).toBe(200)
    expect(data.settings.systemPrompt).toBe(JSON.parse(`"${text}"`))
  })
})

it("may not have NUL in an organisation's id, because PostgreSQL refuses it", async () => {
  const order = '{"mode":"none","orgId":"a\\u0000","reason":"r"}'
  const { error, status } = await send(order, "POST", "/api/v1/runtime/fallback/force")
  const problem = { path: "payload.orgId", message: "Expected no NUL character" }
  expect([status, error.details]).toEqual([400, [problem]])
  const report = await new Client(gateway.url, token).json("GET", "/api/v1/runtime/shadow/report?orgId=%00")
  expect(report.error.details).toEqual([{ ...problem, path: "query.orgId" }])
})
