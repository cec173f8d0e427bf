import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { Fleet } from "../support/fleet.ts"

const postgresUrl = inject("postgresUrl")

describe.skipIf(postgresUrl === undefined || inject("redisUrl") === undefined)("three gateways", () => {
  const fleet = new Fleet()
  beforeAll(() => fleet.start(postgresUrl!, 3))
  afterAll(() => fleet.stop())

  it("D2: a rolling restart under load fails no turn, and each exits with 0", async () => {
    const client = new Client(fleet.url, await tokenFor())
    const endings: Array<string> = []
    const load = { over: false }
    const worker = async (name: number) => {
      for (let turn = 0; !load.over; turn++) {
        const stream = await client.start({
          scenario: "slow",
          count: 5 + ((name + turn) % 10),
          delay_ms: 100,
        })
        const frames = stream.response.status === 200 ? await stream.rest() : []
        endings.push(frames.at(-1)?.event ?? String(stream.response.status))
      }
    }
    const working = Promise.all(Array.from({ length: 20 }, (_, name) => worker(name)))
    for (const old of [...fleet.gateways]) {
      await fleet.add()
      await old.stop("SIGTERM")
      expect(await old.exited).toBe(0)
    }
    load.over = true
    await working
    expect(endings.filter((event) => event !== "done")).toEqual([])
    expect(endings.length).toBeGreaterThan(60)
    expect(fleet.refused).toBe(0)
  }, 120_000)
})
