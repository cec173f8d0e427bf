import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, eventually, type Stream, tokenFor } from "../support/chatClient.ts"
import { Fleet } from "../support/fleet.ts"

const postgresUrl = inject("postgresUrl")
const rounds = 20
const workers = 20

interface Acknowledged {
  readonly runId: string
  readonly sessionId: string
  readonly message: string
  /** The connection broke before the end: its gateway was killed. */
  broken: boolean
  done: boolean
  last: number
}

const follow = async (stream: Stream, turn: Acknowledged): Promise<void> => {
  try {
    for (let frame = await stream.next(); frame !== undefined; frame = await stream.next()) {
      turn.last = frame.seq ?? turn.last
      if (frame.event === "done") turn.done = true
      if (frame.event === "done" || frame.event === "error") return
    }
  } catch {
    // The check below finds the fate of a run after a broken connection.
  }
  turn.broken = true
}

describe.skipIf(postgresUrl === undefined || inject("redisUrl") === undefined)(
  "three gateways, one of them killed",
  () => {
    const fleet = new Fleet()
    beforeAll(() => fleet.start(postgresUrl!, 3))
    afterAll(() => fleet.stop())

    it(`D1: after ${rounds} kills at random moments no acknowledged message is lost, no answer is doubled, and readers of interrupted runs get the error within 15 s`, async () => {
      const client = new Client(fleet.url, await tokenFor())
      const acknowledged: Array<Acknowledged> = []
      const load = { over: false }
      const worker = async (name: number) => {
        for (let turn = 0; !load.over; turn++) {
          const message = JSON.stringify({
            scenario: "slow",
            count: 1 + (turn % 9),
            delay_ms: 100,
            name,
            turn,
          })
          const stream = await client.start(message).catch(() => undefined)
          // The gateway died during the request: nothing was acknowledged.
          if (stream?.response.status !== 200) continue
          const { runId, sessionId } = stream
          const one = { runId, sessionId, message, broken: false, done: false, last: 0 }
          if ((await stream.next().catch(() => undefined)) === undefined) continue
          one.last = stream.frames[0]?.seq ?? 0
          acknowledged.push(one)
          await follow(stream, one)
          if (one.broken) told.push(tell(client, one, performance.now()))
        }
      }
      /** Reconnects until it gets the run's end; returns the milliseconds that this took. */
      const tell = async (reader: Client, turn: Acknowledged, since: number): Promise<number> => {
        const frames = await eventually(async () => {
          const id = { "last-event-id": `${turn.runId}:${turn.last}` }
          const stream = await reader.events(turn.runId, id).catch(() => undefined)
          if (stream?.response.status !== 200) return undefined
          const found = await stream.rest().catch(() => [])
          return found.some(({ event }) => event === "done" || event === "error") && found
        }, 60)
        const end = frames.at(-1)!
        turn.done = end.event === "done"
        if (!turn.done)
          interruptions.push(`${end.data.code}, ${end.data.recoverable ? "" : "not "}recoverable`)
        return performance.now() - since
      }
      const told: Array<Promise<number>> = []
      const interruptions: Array<string> = []
      const working = Promise.all(Array.from({ length: workers }, (_, name) => worker(name)))
      for (let round = 0; round < rounds; round++) {
        await new Promise((next) => setTimeout(next, 500 + Math.random() * 1000))
        const victim = fleet.gateways[Math.floor(Math.random() * fleet.gateways.length)]!
        await Promise.all([victim.stop("SIGKILL"), fleet.add()])
      }
      load.over = true
      await working
      const slowest = Math.max(...(await Promise.all(told)))
      expect(told.length).toBeGreaterThan(rounds / 2)
      expect(slowest).toBeLessThan(15_000)
      expect(new Set(interruptions)).toEqual(new Set(["RUN_INTERRUPTED, recoverable"]))
      for (const turn of acknowledged) {
        const { messages } = (await client.json("GET", `/api/v1/chat/sessions/${turn.sessionId}`)).data
        const [asked, ...answers] = messages
        expect(asked).toMatchObject({ role: "user", content: turn.message, runId: turn.runId })
        const answered = answers.map(({ role, runId }: { role: string; runId: string }) => ({ role, runId }))
        // An answer stored just before the kill exists, although no client has seen it.
        const one = [{ role: "assistant", runId: turn.runId }]
        expect(answered).toEqual(turn.done || answers.length > 0 ? one : [])
      }
      console.log(
        `${acknowledged.length} acknowledged, ${told.length} broken, told after at most ${Math.round(slowest)} ms`,
      )
    }, 300_000)
  },
)
