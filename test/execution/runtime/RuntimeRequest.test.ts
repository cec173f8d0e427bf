import { assert, describe, it } from "@effect/vitest"
import * as RuntimeRequest from "../../../src/execution/runtime/RuntimeRequest.ts"
import type { Turn } from "../../../src/execution/Executor.ts"
import { agent, orgId, runId, sessionId, turn, userId } from "../../support/fixtures.ts"

const full = agent({
  systemPrompt: "Be kind.",
  model: "large",
  temperature: 0,
  maxTokens: 10,
  mcpServers: [
    {
      id: "m1",
      name: "Docs",
      endpoint: "http://mcp",
      transport: "http",
      isConnected: true,
      authConfig: { token: "t" },
      availableTools: [{ name: "find", description: "d", parameters: { type: "object" } }],
    },
  ],
  subAgents: [
    {
      id: "a1",
      name: "Critic",
      description: "d",
      systemPrompt: "Doubt.",
      model: "small",
      temperature: 1,
      maxTokens: 5,
      skills: ["k"],
      mcpServers: ["m1"],
    },
  ],
})

const docs = {
  id: "m1",
  name: "Docs",
  endpoint: "http://mcp",
  transport: "http",
  is_connected: true,
  auth_config: { token: "t" },
  available_tools: [{ name: "find", description: "d", parameters: { type: "object" } }],
}

const bodyOf = (given: Turn) => RuntimeRequest.make(given, given.agent.settings.mcpServers)

describe("the body of an execution", () => {
  it("fault 10: repeats the current message, which the history ends with, in user_message", () => {
    const history = [
      { role: "user", content: "first" },
      { role: "assistant", content: "answer" },
      { role: "user", content: "second" },
    ] as const
    const body = bodyOf(turn({ message: "second", history }))
    assert.strictEqual(body.user_message, "second")
    assert.deepStrictEqual<unknown>(body.history_messages, history)
  })

  it("has every field of the wire, in the runtime's own words", () => {
    const given = turn({ agent: full, probe: true })
    assert.deepStrictEqual<unknown>(bodyOf(given), {
      session_id: sessionId,
      agent_id: full.id,
      org_id: orgId,
      user_message: given.message,
      history_messages: [{ role: "user", content: given.message }],
      agent_config: { system_prompt: "Be kind.", model: "large", temperature: 0, max_tokens: 10 },
      available_mcp_servers: [docs],
      available_sub_agents: [
        {
          id: "a1",
          name: "Critic",
          description: "d",
          system_prompt: "Doubt.",
          model: "small",
          temperature: 1,
          max_tokens: 5,
          skills: ["k"],
          mcp_servers: [docs],
        },
      ],
      metadata: { user_id: userId, run_id: runId, shadow: false, probe: true },
    })
  })

  it("leaves out fields that the agent does not set", () => {
    const bare = agent({
      mcpServers: [
        { id: "m", name: "M", endpoint: "e", transport: "t", isConnected: false, availableTools: [] },
      ],
      subAgents: [{ id: "a", name: "A", description: "", systemPrompt: "" }],
      systemPrompt: "",
    })
    const body = bodyOf(turn({ agent: bare }))
    assert.deepStrictEqual<unknown>(body.agent_config, {})
    assert.notProperty(body.available_mcp_servers[0], "auth_config")
    assert.deepStrictEqual<unknown>(body.available_sub_agents, [
      { id: "a", name: "A", description: "", system_prompt: "" },
    ])
  })

  it("sends a sub-agent's servers whole, and none that the agent does not have", () => {
    const [server] = full.settings.mcpServers
    const subAgents = [
      { id: "a", name: "A", description: "", systemPrompt: "", mcpServers: ["gone", "m1", "m1"] },
      { id: "b", name: "B", description: "", systemPrompt: "", mcpServers: [] },
    ]
    const body = bodyOf(turn({ agent: agent({ mcpServers: [server!], subAgents }) }))
    assert.deepStrictEqual(
      body.available_sub_agents.map(({ mcp_servers }) => mcp_servers),
      [body.available_mcp_servers, []],
    )
  })

  it("marks a shadow and gives it its own session, so that its cancel cannot end the user's run", () => {
    const body = bodyOf(turn({ shadow: true }))
    assert.deepInclude(body, { session_id: runId })
    assert.deepInclude(body.metadata, { shadow: true, dry_run: true })
    assert.strictEqual(RuntimeRequest.sessionId(turn()), sessionId)
  })
})
