import { describe, expect, it } from "vitest"
import { ofType } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

/** Shorter than an agent's ordinary work. */
const clocks = { CHAT_FIRST_CONTENT_TIMEOUT_MS: "300", CHAT_STALL_TIMEOUT_MS: "2500" }

describe("a slow agent", () => {
  const world = useWorld(clocks)

  const answered = async (scenario: object) => {
    const frames = await (await world.client.start(scenario)).rest()
    expect(ofType(frames, "fallback")).toEqual([])
    expect(frames.at(-1)).toMatchObject({
      event: "done",
      data: { executionMode: "runtime_orchestrator" },
    })
  }

  it("may plan in silence for longer than the first-byte deadline", () =>
    answered({ scenario: "agent", plan_ms: 1000 }))

  it("may run a tool for longer than the stall deadline", () =>
    answered({ scenario: "agent", call_ms: 3500 }))
})

describe("a runtime without another target", () => {
  const world = useWorld(clocks, { direct: false })

  it("may take longer than the first-byte deadline", async () => {
    const frames = await (await world.client.start({ scenario: "slow", count: 1, delay_ms: 1000 })).rest()
    expect(frames.at(-1)?.event).toBe("done")
  })
})
