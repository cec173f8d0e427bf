import { describe, expect, it } from "vitest"
import { ofType } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

/** Short enough that an agent at its ordinary work would outlast each of them. */
const clocks = { CHAT_FIRST_CONTENT_TIMEOUT_MS: "300", CHAT_STALL_TIMEOUT_MS: "2500" }

describe("an agent that takes its time", () => {
  const world = useWorld(clocks)

  const answered = async (scenario: object) => {
    const frames = await (await world.client.start(scenario)).rest()
    expect(ofType(frames, "fallback")).toEqual([])
    expect(frames.at(-1)).toMatchObject({
      event: "done",
      data: { executionMode: "runtime_orchestrator" },
    })
  }

  it("answers itself after it has planned in silence for longer than the first clock", () =>
    answered({ scenario: "agent", plan_ms: 1000 }))

  it("answers itself after a tool has worked for longer than the stall clock", () =>
    answered({ scenario: "agent", call_ms: 3500 }))
})

describe("a runtime that no other target can replace", () => {
  const world = useWorld(clocks, { direct: false })

  it("is waited for beyond the first clock", async () => {
    const frames = await (await world.client.start({ scenario: "slow", count: 1, delay_ms: 1000 })).rest()
    expect(frames.at(-1)?.event).toBe("done")
  })
})
