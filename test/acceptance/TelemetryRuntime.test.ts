import { describe, expect, inject, it } from "vitest"
import { callersPlace, useObserved } from "../support/observed.ts"

describe.skipIf(inject("collector") === undefined)("the runtime of the tests", () => {
  const observed = useObserved()

  it("puts a span of its own below the parent that it receives, with no gateway code in between", async () => {
    const caller = callersPlace()
    const response = await fetch(`${observed.world.runtime.url}/api/v1/execute/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: caller.traceparent },
      body: JSON.stringify({
        session_id: "s",
        agent_id: "a",
        org_id: "o",
        user_message: "hello",
        history_messages: [],
        agent_config: { system_prompt: "", model: "m", temperature: 0.5, max_tokens: 10 },
        available_mcp_servers: [],
        available_sub_agents: [],
        metadata: { user_id: "u", run_id: "r", shadow: false, probe: false },
      }),
    })
    expect(await response.text()).toContain("[DONE]")
    expect(await observed.trace(caller.traceId, 1)).toMatchObject([
      {
        name: "POST /api/v1/execute/stream",
        kind: "server",
        parentSpanId: caller.spanId,
        resource: { "service.name": "agent-runtime" },
      },
    ])
  })
})
