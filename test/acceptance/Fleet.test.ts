import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, defaultAgent, type Frame, tokenFor } from "../support/chatClient.ts"
import { Fleet } from "../support/fleet.ts"

const postgresUrl = inject("postgresUrl")
const turns = 200

/** Reads a turn to its end over connections that it breaks itself, each after a few events. */
const restless = async (client: Client, number: number): Promise<{ runId: string; frames: Array<Frame> }> => {
  const message = JSON.stringify({ scenario: "slow", count: 30, delay_ms: 100, number })
  const frames: Array<Frame> = []
  let stream = await client.start(message)
  const runId = stream.runId
  for (let events = 1 + (number % 5); ;) {
    const frame = await stream.next()
    if (frame === undefined) throw new Error(`bare end of ${runId}`)
    if (frame.seq === undefined) continue
    frames.push(frame)
    if (frame.event !== "message") return { runId, frames }
    events -= 1
    if (events > 0) continue
    stream.leave()
    events = 3 + (number % 7)
    stream = await client.events(runId, { "last-event-id": frame.id! })
    if (stream.response.status !== 200)
      throw new Error(`${stream.response.status}: ${await stream.response.text()}`)
  }
}

describe.skipIf(postgresUrl === undefined || inject("redisUrl") === undefined)("three gateways", () => {
  const fleet = new Fleet()
  beforeAll(() => fleet.start(postgresUrl!, 3))
  afterAll(() => fleet.stop())

  it(`D3: of ${turns} concurrent turns, whose readers reconnect to another replica each time, no event is lost, doubled or changed`, async () => {
    const clients = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, org) => new Client(fleet.url, await tokenFor(`org-${org}`, "ana")),
      ),
    )
    const read = Array.from({ length: turns }, async (_, number) => {
      const client = clients[number % clients.length]!
      const { frames, runId } = await restless(client, number)
      expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1))
      expect(frames.at(-1)?.event).toBe("done")
      const undisturbed = (await (await client.events(runId)).rest()).filter(({ seq }) => seq !== undefined)
      expect(frames).toEqual(undisturbed)
      return runId
    })
    expect(new Set(await Promise.all(read)).size).toBe(turns)
  })

  it("a second reader at another replica sees every event at the same time as the first", async () => {
    const token = await tokenFor()
    const [owner, other] = fleet.gateways.map(({ url }) => new Client(url, token))
    const first = await owner!.stream("POST", "/api/v1/chat/start", {
      agentId: defaultAgent,
      message: JSON.stringify({ scenario: "slow", count: 10, delay_ms: 100 }),
    })
    await first.until(({ seq }) => seq === 1)
    const second = await other!.events(first.runId)
    const [one, two] = await Promise.all([first.rest(), second.rest()])
    expect(two.filter(({ seq }) => seq !== undefined)).toEqual(one.filter(({ seq }) => seq !== undefined))
    expect(Buffer.from(second.bytes).toString()).toBe(Buffer.from(first.bytes).toString())
  })
})
