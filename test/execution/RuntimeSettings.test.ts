import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { AgentRuntime } from "../../src/domain/RuntimeProtocol.ts"
import { endpointOf, protocolOf } from "../../src/execution/RuntimeSettings.ts"
import { agent, runtimeAt } from "../support/fixtures.ts"

const isAgentRuntime = Schema.is(AgentRuntime)
const urlOf = (baseUrl: string, runtime: AgentRuntime) =>
  endpointOf(runtimeAt(baseUrl), agent({ runtime })).url

describe("the place of an agent at the runtime", () => {
  it("is relative to the configured address, and keeps a last slash only for AG-UI", () => {
    assert.strictEqual(urlOf("http://rt:1", {}), "http://rt:1")
    assert.strictEqual(urlOf("http://rt:1/agents/", {}), "http://rt:1/agents")
    assert.strictEqual(urlOf("http://rt:1/agents/", { protocol: "ag-ui" }), "http://rt:1/agents/")
    assert.strictEqual(urlOf("http://rt:1/agents/", { path: "weather/" }), "http://rt:1/agents/weather")
    assert.strictEqual(
      urlOf("http://rt:1/agents/a", { path: "weather/", protocol: "ag-ui" }),
      "http://rt:1/agents/weather/",
    )
  })

  it("overrides the protocol and the agent of the settings", () => {
    const settings = runtimeAt("http://rt:1", { agent: "default", protocol: "langgraph" })
    assert.strictEqual(protocolOf(settings, agent()), "langgraph")
    assert.strictEqual(protocolOf(settings, agent({ runtime: { protocol: "responses" } })), "responses")
    assert.strictEqual(endpointOf(settings, agent()).agent, "default")
    assert.strictEqual(endpointOf(settings, agent({ runtime: { agent: "own" } })).agent, "own")
  })

  it("cannot leave the folder of the configured address", () => {
    for (const path of ["a", "a/b", "a/b/", "a.b", ".well-known/x", "~me/agent-1_2"]) {
      assert.isTrue(isAgentRuntime({ path }), path)
      assert.isTrue(urlOf("http://rt:1/agents/", { path }).startsWith("http://rt:1/agents/"), path)
    }
    const bad = [
      "",
      "/a",
      "//host/a",
      "http://host/a",
      "..",
      "../a",
      "a/../../b",
      "a/..",
      ".",
      "./a",
      "a/./b",
    ]
    const odd = ["a//b", "a?b", "a#b", "a b", "a\\b", "%2e%2e/a", "a/%2e%2e", "a:b", "\u00e9", "a\n"]
    for (const path of [...bad, ...odd]) assert.isFalse(isAgentRuntime({ path }), path)
  })
})
