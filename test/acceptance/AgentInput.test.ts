import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
let client: Client
beforeAll(async () => {
  gateway = await startGateway({
    DATA_DIR: folder.path,
    MCP_ALLOWED_HOSTS: "localhost, *.tools.internal, 10.7.0.0/16",
  })
  client = new Client(gateway.url, await tokenFor())
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

const create = async (fields: object) => {
  const response = await client.request("POST", "/api/v1/agents", { name: "Helper", ...fields })
  const text = await response.text()
  return {
    status: response.status,
    text,
    paths: JSON.parse(text).error?.details?.map((one: { path: string }) => one.path),
  }
}
const subAgent = { id: "s", name: "S", description: "", systemPrompt: "" }

describe("a model name", () => {
  it.each([
    "..",
    "../../admin",
    "models/../files",
    "a/./b",
    ".",
    "x?key=1",
    "x#y",
    "%2e%2e%2fx",
    "x%2fy",
    "x\\y",
    "x y",
    "x\u0000",
    "x\r\nHost: evil",
    "x\t",
    "\ud800",
    "é",
    "x\u202ey",
    '"x"',
    "<x>",
    "{x}",
    "",
    "x".repeat(201),
  ])("is refused in every model field: %j", async (model) => {
    const fields = {
      model,
      models: { direct_llm: model, runtime_orchestrator: model },
      subAgents: [{ ...subAgent, model }],
    }
    const { paths, status } = await create(fields)
    expect(status).toBe(400)
    expect(paths).toEqual(
      expect.arrayContaining([
        "payload.model",
        "payload.models.direct_llm",
        "payload.models.runtime_orchestrator",
        "payload.subAgents.0.model",
      ]),
    )
    const { data } = await client.json("POST", "/api/v1/agents", { name: "Helper" })
    expect((await client.request("PATCH", `/api/v1/agents/${data.id}`, { model })).status).toBe(400)
  })

  it.each([
    "gpt-5-mini",
    "claude-3.5-sonnet@20240620",
    "models/gemini-2.5-flash",
    "publishers/google/models/gemini-2.5-pro",
    "openrouter/anthropic/claude-3.5:beta",
    "ft:gpt-4o:org:name:id",
    "hf.co/org/model:Q4_K_M",
    "@cf/meta/llama-3-8b",
    "/data/models/Llama-3",
    "meta.llama3-70b-instruct-v1:0",
    "~anthropic/claude-latest",
  ])("may be %s", async (model) => {
    expect((await create({ model, subAgents: [{ ...subAgent, model }] })).status).toBe(200)
  })
})

describe("X5: an MCP server's address", () => {
  const at = (endpoint: string) => ({
    mcpServers: [{ id: "m", name: "M", endpoint, transport: "http", isConnected: true, availableTools: [] }],
  })

  it.each([
    "http://localhost:3000/mcp",
    "http://search.tools.internal:8080/",
    "http://10.7.1.2/",
    "https://mcp.example/",
  ])("is accepted if the operator allows it: %s", async (endpoint) => {
    expect((await create(at(endpoint))).status).toBe(200)
  })

  it.each([
    "http://127.0.0.1/",
    "http://tools.internal/",
    "http://10.8.0.1/",
    "http://[::1]/",
    "http://169.254.169.254/",
    "http://0x0a070102/",
    "ftp://mcp.example/",
    "https://canary-user:canary-password@mcp.example/",
  ])("is otherwise refused, by a 400 that names only the field: %s", async (endpoint) => {
    const { paths, status, text } = await create(at(endpoint))
    expect([status, paths]).toEqual([400, ["payload.mcpServers.0.endpoint"]])
    expect(text).not.toContain("canary")
    const { data } = await client.json("POST", "/api/v1/agents", { name: "Helper" })
    const changed = await client.request("PATCH", `/api/v1/agents/${data.id}`, at(endpoint))
    expect(changed.status).toBe(400)
  })

  it.each(["canary-secret", 7, ["canary-secret"], true])(
    "has an object as credentials; the refusal of %j does not repeat it",
    async (authConfig) => {
      const [server] = at("https://mcp.example/").mcpServers
      const { paths, status, text } = await create({ mcpServers: [{ ...server, authConfig }] })
      expect([status, paths]).toEqual([400, ["payload.mcpServers.0.authConfig"]])
      expect(text).not.toContain("canary")
    },
  )
})
