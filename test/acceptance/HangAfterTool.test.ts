import { describe, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

/** The long form takes a thousand: `HANGS=1000`. */
const hangs = Number(process.env["HANGS"] ?? 100)
const atOnce = 50

describe("a runtime that hangs after a tool call has begun", () => {
  const world = useWorld({ CHAT_CALL_TIMEOUT_MS: "1000" })

  it(`D6: ${hangs} times runs no tool twice, asks no other target, names the place of the failure, and gets a cancel`, async () => {
    let left = hangs
    const endings: Array<unknown> = []
    const worker = async () => {
      while (left-- > 0) {
        const stream = await world.client.start({ scenario: "hang", after: "tool_call" })
        const { data, event } = (await stream.rest()).at(-1)!
        endings.push({ event, code: data.code, callId: data.callId })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    const timedOut = { event: "error", code: "TIMEOUT_CALL", callId: "call-1" }
    expect(endings).toEqual(Array.from({ length: hangs }, () => timedOut))
    const log = await world.logged(({ executions }) => executions.every(({ ended }) => ended !== null))
    expect(log.executions.map(({ tool_runs }) => tool_runs)).toEqual(Array.from({ length: hangs }, () => 1))
    expect(new Set(log.executions.map(({ session_id }) => session_id)).size).toBe(hangs)
    await eventually(async () => (await world.log()).cancels.length === hangs)
    expect(world.model.asked).toHaveLength(0)
  })
})
