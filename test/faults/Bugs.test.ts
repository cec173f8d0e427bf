import { expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ NODE_OPTIONS: `--import=${new URL("rejecting.ts", import.meta.url).href}` })

it("X13: logs an unhandled promise rejection, and running turns end well", async () => {
  const stream = await world.client.start({ scenario: "slow", count: 5, delay_ms: 50 })
  await stream.until((frame) => frame.seq === 1)
  process.kill(world.gateway.pid, "SIGUSR2")
  await eventually(() => Promise.resolve(world.gateway.output().includes("forced by a test")))
  const frames = await stream.rest()
  expect(frames.filter(({ event }) => event === "done" || event === "error")).toHaveLength(1)
  expect(frames.at(-1)?.event).toBe("done")
  expect(world.gateway.output()).toContain("unhandled promise rejection")
  expect(world.gateway.isAlive()).toBe(true)
})
