import { describe, expect, it } from "vitest"
import { textOf } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { useWorld } from "../support/world.ts"

const second = await startModel()
const world = useWorld({
  CHAT_EXECUTION_MODE: "direct_llm",
  DIRECT_LLM_PROVIDERS: "a,b",
  ...providerEnv("b", second.url),
})

const fail = (status: number, times: number, body?: string) => {
  for (let time = 0; time < times; time++) {
    world.model.answers.push({ kind: "status", status, ...(body === undefined ? {} : { body }) })
  }
}

const get = async (path: string) => (await world.operator.json("GET", `/api/v1/runtime/${path}`)).data

/** One turn, which must be answered. Returns the targets of its attempts. */
const turn = async (): Promise<ReadonlyArray<string>> => {
  const stream = await world.client.start("hello")
  expect(textOf(await stream.rest())).toBe("direct answer")
  const { attempts } = await world.run(stream.runId)
  return attempts.map(({ target }: { target: string }) => target)
}

describe("a direct provider that is down", () => {
  it("is skipped: 15 turns ask it three times, and operators see the reason until a reset", async () => {
    second.asked.length = 0
    fail(503, 100)
    const asked = []
    for (let turns = 0; turns < 15; turns++) asked.push(await turn())
    expect(asked).toEqual([["a", "a", "b"], ["a", "b"], ...Array.from({ length: 13 }, () => ["b"])])
    expect(world.model.asked).toHaveLength(3)
    expect(second.asked).toHaveLength(15)

    const { providers } = await get("fallback/status")
    expect(providers).toMatchObject([
      { name: "a", state: "open", reason: expect.stringContaining("faults 3 >= 3") },
      { name: "b", state: "closed", reason: "", nextProbeAt: null },
    ])
    expect(providers[0].nextProbeAt).toBe(providers[0].since + 30_000)
    const metrics = await (await fetch(`${world.gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/crossfade_provider_state\{.*provider="a".*state="open".*\} 1/)
    expect(metrics).toMatch(/crossfade_provider_state\{.*provider="b".*state="closed".*\} 1/)
    expect(world.gateway.output()).toContain("the provider a: closed -> open, faults 3 >= 3")

    world.model.answers.length = 0
    await world.operator.json("POST", "/api/v1/runtime/fallback/reset")
    expect(await turn()).toEqual(["a"])
  })
})

describe("an agent that a provider refuses", () => {
  it("is shown to operators with the provider's codes, logged at the third refusal, and cleared by an answer", async () => {
    const body = JSON.stringify({
      error: { code: "no_such_model", type: "invalid_request_error", message: "x" },
    })
    fail(422, 3, body)
    for (let turns = 0; turns < 3; turns++) expect(await turn()).toEqual(["a", "b"])
    const { providers, refusals } = await get("fallback/status")
    expect(providers[0].state).toBe("closed")
    expect(refusals).toMatchObject([
      { orgId: "acme", target: "a", count: 3, failure: expect.stringMatching(/^422/) },
    ])
    expect(world.gateway.output()).toMatch(/a has refused the agent \S+ of acme three times in a row: 422/)
    expect(await turn()).toEqual(["a"])
    expect((await get("fallback/status")).refusals).toEqual([])
  })

  it("shows the reason to operators only: users do not see an attempt's failure", async () => {
    fail(422, 1)
    const stream = await world.client.start("hello")
    await stream.rest()
    expect((await world.run(stream.runId)).attempts[0].failure).toMatch(/^422/)
    const user = await world.as("acme", "ana", ["chat:*"])
    const { data } = await user.json("GET", `/api/v1/chat/runs/${stream.runId}`)
    expect(data.attempts[0]).toMatchObject({ code: "UPSTREAM_REJECTED", failure: null })
  })
})

describe("the figures of a mode", () => {
  it("count cancels apart from other neutral ends", async () => {
    const before = (await get("metrics")).direct
    fail(422, 1)
    await turn()
    world.model.answers.push({ kind: "hang", parts: ["I begin"] })
    const stream = await world.client.start("cancel me")
    await stream.until((frame) => frame.seq === 1)
    await world.client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    await stream.rest()
    const { direct } = await get("metrics")
    expect([direct.neutral - before.neutral, direct.cancelled - before.cancelled]).toEqual([2, 1])
  })
})
