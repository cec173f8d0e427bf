import { describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { testSecret } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ LOG_LEVEL: "debug" })

describe("agents", () => {
  it("are created, listed, changed and disabled; credentials are never shown", async () => {
    const server = {
      id: "m",
      name: "M",
      endpoint: "https://mcp.example/m",
      transport: "http",
      isConnected: true,
      availableTools: [],
      authConfig: { key: "canary-credential" },
    }
    const made = (
      await world.client.json("POST", "/api/v1/agents", {
        name: "Helper",
        model: "m-9",
        mcpServers: [server],
      })
    ).data
    expect(JSON.stringify(made)).not.toContain("canary-credential")
    const start = () => world.client.stream("POST", "/api/v1/chat/start", { agentId: made.id, message: "hi" })
    await (await start()).rest()
    await world.client.json("PATCH", `/api/v1/agents/${made.id}`, {
      systemPrompt: "Be brief.",
      mcpServers: made.settings.mcpServers,
    })
    await (await start()).rest()
    const [first, second] = (await world.log()).executions.map((execution) => execution.body)
    expect(first.agent_config.model).toBe("m-9")
    expect(second.agent_config.system_prompt).toBe("Be brief.")
    expect(second.available_mcp_servers[0].auth_config).toEqual({ key: "canary-credential" })
    await world.client.json("PATCH", `/api/v1/agents/${made.id}`, { active: false })
    expect((await start()).response.status).toBe(400)
    const list = (await world.client.json("GET", "/api/v1/agents")).data
    expect(list.map((agent: { id: string }) => agent.id)).toEqual([defaultAgent, made.id])
    const foreign = await world.as("other", "bob")
    expect((await foreign.request("GET", `/api/v1/agents/${made.id}`)).status).toBe(404)
    expect(
      (await foreign.request("PATCH", `/api/v1/agents/${defaultAgent}`, { name: "mine now" })).status,
    ).toBe(404)
  })
})

describe("secrets", () => {
  it("fault 19: no body, token, key or credential is logged, also at the finest level", async () => {
    const canary = "canary-message-7f3a"
    await (await world.client.start(canary)).rest()
    await (await world.client.start({ scenario: "http", status: 500, body: canary })).rest()
    await world.client.request("POST", "/api/v1/chat/start", { agentId: canary, message: canary })
    const output = world.gateway.output()
    for (const secret of [canary, "sk-canary-0000", "canary-credential", world.client.token, testSecret]) {
      expect(output).not.toContain(secret)
    }
  })
})
