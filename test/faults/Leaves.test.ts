import { readdirSync } from "node:fs"
import { connect } from "node:net"
import { describe, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { dice } from "../fuzz/Mutation.ts"
import { take } from "./Seen.ts"

const world = useWorld({ CHAT_DETACH_GRACE_MS: "50" })
const seed = Number(process.env["FUZZ_SEED"] ?? 1)

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${world.gateway.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])
}

const handles = () => readdirSync(`/proc/${world.gateway.pid}/fd`).length

/** Nothing of the clients that left is there any more, neither here nor at the runtime. */
const quiet = async (before: number): Promise<void> => {
  await eventually(async () => (await metric("crossfade_runs_in_flight")) === 0, 20)
  await eventually(async () => (await metric("crossfade_streams_open")) === 0, 20)
  await world.logged(({ executions }) => executions.every(({ ended }) => ended !== null))
  await eventually(() => Promise.resolve(handles() <= before + 10), 20)
}

const requests = (token: string): ReadonlyArray<string> => {
  const body = JSON.stringify({ agentId: "00000000-0000-4000-8000-000000000001", message: "hello" })
  const head = `Host: x\r\nAuthorization: Bearer ${token}\r\n`
  return [
    "",
    `GET /api/v1/health HTTP/1.1\r\n${head}\r\n`,
    `GET /api/v1/chat/sessions HTTP/1.1\r\n${head}\r\n`,
    `GET /api/v1/chat/runs/00000000-0000-4000-8000-000000000009/events HTTP/1.1\r\n${head}\r\n`,
    `POST /api/v1/chat/start HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  ]
}

/** Connects, sends a part of a request or all of it, and leaves by FIN or RST at once or a moment later. */
const comeAndGo = (request: string, { below, pick }: ReturnType<typeof dice>): Promise<void> =>
  new Promise((gone) => {
    const socket = connect(Number(new URL(world.gateway.url).port), "127.0.0.1")
    socket.on("error", () => undefined)
    socket.once("close", () => gone())
    const sent = request.slice(0, below(4) === 0 ? request.length : below(request.length + 1))
    const leave = pick([() => socket.end(), () => socket.destroy(), () => socket.resetAndDestroy()])
    const afterMs = pick([0, 0, 0, 2, 10])
    socket.once("connect", () => {
      socket.resume()
      if (sent !== "") socket.write(sent)
      if (afterMs === 0) leave()
      else setTimeout(leave, afterMs)
    })
    // A half-closed connection ends when the server closes its half.
    socket.setTimeout(2000, () => socket.destroy())
  })

const clients = 10_000

describe("clients that leave", () => {
  it(
    `C4: ${clients} that connect and leave at any byte, by FIN or RST, leave nothing behind`,
    { timeout: 120_000 },
    async ({ task }) => {
      await (await world.client.start("warm")).rest()
      const before = handles()
      const all = requests(world.client.token)
      const from = performance.now()
      let number = 0
      const worker = async () => {
        while (number < clients) {
          const own = dice(seed * clients + number++)
          await comeAndGo(own.pick(all), own)
        }
      }
      await Promise.all(Array.from({ length: 50 }, worker))
      await quiet(before)
      const ms = performance.now() - from
      const shown = { expected: "nothing left", seen: "nothing left", attempts: clients, ms }
      take(task, { id: "C4", fault: `${clients} connect and leave at any byte`, at: "the gateway", ...shown })
      const frames = await (await world.client.start("hello")).rest()
      expect(frames.at(-1)?.event, `seed ${seed}`).toBe("done")
    },
  )

  it(
    "C4: at every event of a turn cancel its run and leave the session free",
    { timeout: 60_000 },
    async ({ task }) => {
      const message = { scenario: "slow", count: 12, delay_ms: 30 }
      const whole = await (await world.client.start(message)).rest()
      const before = handles()
      const from = performance.now()
      const ends: Array<string> = []
      for (let at = 0; at < whole.length; at++) {
        const stream = await world.client.start(message)
        for (let read = 0; read < at; read++) await stream.next()
        stream.leave()
        const run = await eventually(async () => {
          const found = await world.run(stream.runId)
          return found.status !== "running" && found
        }, 20)
        ends.push(run.status)
      }
      await quiet(before)
      const odd = ends.filter((status) => status !== "cancelled" && status !== "completed")
      const shown = {
        expected: "cancelled or completed",
        seen: [...new Set(ends)].toSorted().join(" or "),
        attempts: ends.length,
      }
      take(task, {
        id: "C4",
        fault: `leave at each of ${ends.length} events`,
        at: "the gateway",
        ...shown,
        ms: performance.now() - from,
      })
      expect(odd).toEqual([])
      expect(ends).toContain("cancelled")
    },
  )
})
