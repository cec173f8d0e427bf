import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inject, afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, eventually, ofType, type Stream, textOf, tokenFor } from "../support/chatClient.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"

let runtime: Running
beforeAll(async () => {
  runtime = await startPython()
})
afterAll(() => runtime.stop("SIGKILL"))

const env = (extra: Record<string, string>) => ({
  CHAT_EXECUTION_MODE: "runtime_orchestrator",
  RUNTIME_SERVICE_URL: runtime.url,
  ...extra,
})

interface Acknowledged {
  readonly stream: Stream
  readonly message: string
}

/** Runs turns until the gateway is gone; returns those whose first event arrived. */
const load = async (
  client: Client,
  workers: number,
  acknowledged: Array<Acknowledged>,
  stopped: () => boolean,
): Promise<void> => {
  const worker = async (name: number) => {
    for (let turn = 0; !stopped(); turn++) {
      const message = JSON.stringify({ scenario: "slow", count: 4, delay_ms: 20, name, turn })
      try {
        const stream = await client.start(message)
        if ((await stream.next()) === undefined) return
        acknowledged.push({ stream, message })
        await stream.rest()
      } catch {
        return
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, (_, name) => worker(name)))
}

/** The state of an acknowledged turn that a restarted service must show. */
const check = async (client: Client, { message, stream }: Acknowledged): Promise<string> => {
  const session = (await client.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)).data
  expect(session.messages[0]).toMatchObject({ role: "user", content: message })
  const run = (await client.json("GET", `/api/v1/chat/runs/${stream.runId}`)).data
  const last = stream.frames.findLast((frame) => frame.seq !== undefined)?.seq ?? 0
  const said = stream.frames.some((frame) => frame.event === "done")
  if (said) expect(run.status).toBe("completed")
  if (run.status === "completed") {
    expect(session.messages[1]).toMatchObject({ role: "assistant", runId: stream.runId })
    return "completed"
  }
  expect(run.status).toBe("interrupted")
  const rest = await (
    await client.events(stream.runId, { "last-event-id": `${stream.runId}:${last}` })
  ).rest()
  expect(rest.at(-1)).toMatchObject({ event: "error", data: { code: "RUN_INTERRUPTED", recoverable: true } })
  expect(rest.every((frame) => (frame.seq ?? 0) > last)).toBe(true)
  return "interrupted"
}

describe("kill -9 under load", () => {
  it.each([0, 200, 600])(
    "about %d ms after the first acknowledgement: every acknowledged message is stored, unfinished runs are interrupted, and their readers get an error",
    async (afterMs) => {
      const folder = temporaryFolder()
      const first = await startGateway(env({ DATA_DIR: folder.path }))
      let killed = false
      // One turn that cannot have ended by itself, beside turns at random stages.
      const message = JSON.stringify({ scenario: "slow", count: 1000, delay_ms: 50 })
      const long = await new Client(first.url, await tokenFor()).start(message)
      await long.until((frame) => frame.seq === 1)
      const acknowledged: Array<Acknowledged> = [{ stream: long, message }]
      const loading = load(new Client(first.url, await tokenFor()), 20, acknowledged, () => killed)
      await eventually(async () => acknowledged.length > 1)
      await new Promise((done) => setTimeout(done, afterMs * (0.8 + Math.random() * 0.4)))
      killed = true
      await first.stop("SIGKILL")
      await loading
      await long.rest().catch(() => undefined)

      const second = await startGateway(env({ DATA_DIR: folder.path }))
      const client = new Client(second.url, await tokenFor())
      const found = await Promise.all(acknowledged.map((turn) => check(client, turn)))
      expect(found[0]).toBe("interrupted")
      const next = await (await client.send(acknowledged[0]!.stream.sessionId, "after the restart")).rest()
      expect(next.at(-1)?.event).toBe("done")
      await second.stop()
      folder.dispose()
    },
  )

  it("a locked database at the end of an answer delays done, and loses nothing", async () => {
    const folder = temporaryFolder()
    const gateway = await startGateway(env({ DATA_DIR: folder.path }))
    const client = new Client(gateway.url, await tokenFor())
    const stream = await client.start({ scenario: "slow", count: 4, delay_ms: 50 })
    await stream.until((frame) => frame.seq === 1)
    const lock = new DatabaseSync(join(folder.path, "crossfade.db"))
    lock.exec("BEGIN IMMEDIATE")
    await stream.until((frame) => frame.seq === 4)
    await new Promise((done) => setTimeout(done, 1000))
    lock.exec("COMMIT")
    lock.close()
    const frames = await stream.rest()
    expect(frames.at(-1)?.event).toBe("done")
    const run = (await client.json("GET", `/api/v1/chat/runs/${stream.runId}`)).data
    expect(run).toMatchObject({ status: "completed", attempts: [{ outcome: "success" }] })
    expect(await (await client.events(stream.runId)).rest()).toEqual(frames)
    await gateway.stop("SIGKILL")
    folder.dispose()
  })

  it("a planned stop lets the running answer end, then exits", async () => {
    const folder = temporaryFolder()
    const gateway = await startGateway(env({ DATA_DIR: folder.path }))
    const client = new Client(gateway.url, await tokenFor())
    const stream = await client.start({ scenario: "slow", count: 10, delay_ms: 50 })
    await stream.until((frame) => frame.seq === 2)
    const stopped = gateway.stop("SIGTERM")
    expect((await stream.rest()).at(-1)?.event).toBe("done")
    const ended = Date.now()
    await stopped
    // Less than the keep-alive time for which an idle connection would hold it.
    expect(Date.now() - ended).toBeLessThan(3000)
    expect(await gateway.exited).toBe(0)
    folder.dispose()
  })
})

describe.skipIf(inject("postgresUrl") === undefined)("on PostgreSQL", () => {
  it("a turn is answered, stored and replayed, also by a second process", async () => {
    const url = Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!)))
    const folder = temporaryFolder()
    const settings = env({ DATA_DIR: folder.path, DATABASE_URL: url })
    const first = await startGateway(settings)
    const client = new Client(first.url, await tokenFor())
    const stream = await client.start({ scenario: "all" })
    const frames = await stream.rest()
    expect(frames.at(-1)?.event).toBe("done")
    expect(ofType(frames, "tool_call").length).toBeGreaterThan(0)
    await first.stop()

    const second = await startGateway(settings)
    const again = new Client(second.url, await tokenFor())
    const replay = await (await again.events(stream.runId)).rest()
    expect(replay).toEqual(frames)
    const session = (await again.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)).data
    expect(session.messages[1].content).toContain(textOf(frames).slice(0, 10))
    await second.stop()
    folder.dispose()
  })

  it("an unreachable database stops the start with the reason and without the password", async () => {
    const started = startGateway(env({ DATABASE_URL: "postgres://crossfade:pw-canary@127.0.0.1:1/none" }))
    await expect(started).rejects.toThrow(/Cannot use the database 127.0.0.1:1\/none/)
    await expect(started).rejects.not.toThrow(/pw-canary/)
  })
})
