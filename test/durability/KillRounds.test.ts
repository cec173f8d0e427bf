import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { type Random, seeded } from "../../src/sandbox/Bytes.ts"
import { Client, eventually, type Stream, textOf, tokenFor } from "../support/chatClient.ts"
import { cannotPreload } from "../support/disk/preload.ts"
import { slowDisk } from "../support/disk/slowDisk.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { durable, findBinaries, freshDatabase, type Server, start } from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const rounds = 3
const workers = 8
const syncMicros = 2000

interface Turn {
  readonly runId: string
  readonly sessionId: string
  readonly message: string
  /** The text of an answer whose `done` arrived. */
  answer: string | undefined
}

/** Runs turns until the gateway is gone. A turn counts from its first event. */
const work = async (client: Client, random: Random, name: string, turns: Array<Turn>): Promise<void> => {
  for (let number = 0; ; number++) {
    const message = `${name} ${number} ${"words ".repeat(random() * 500)}`
    const stream = await client.start(message).catch(() => undefined)
    if (stream === undefined) return
    const first = await stream.next().catch(() => undefined)
    if (first === undefined) return
    const { runId, sessionId } = stream
    const turn: Turn = { runId, sessionId, message, answer: undefined }
    turns.push(turn)
    if (!(await ended(stream))) return
    turn.answer = textOf(stream.frames)
  }
}

/** False if the connection broke before `done`. */
const ended = async (stream: Stream): Promise<boolean> => {
  const frames = await stream.rest().catch(() => [])
  return frames.at(-1)?.event === "done"
}

/** The stored state of a turn after a restart, which must have all that its client saw. */
const check = async (client: Client, turn: Turn): Promise<string> => {
  // On PostgreSQL, the runs of a dead process end after its last heartbeat has expired.
  const status = await eventually(async () => {
    const run = (await client.json("GET", `/api/v1/chat/runs/${turn.runId}`)).data
    return run.status !== "running" && (run.status as string)
  }, 60)
  const session = (await client.json("GET", `/api/v1/chat/sessions/${turn.sessionId}`)).data
  const [asked, ...answers] = session.messages
  expect(asked).toMatchObject({ role: "user", content: turn.message, runId: turn.runId })
  // The answer of an interrupted run has the text that was stored before.
  if (status === "completed") expect(answers).toHaveLength(1)
  else expect(answers.length).toBeLessThanOrEqual(1)
  if (turn.answer !== undefined) {
    expect(answers[0]).toMatchObject({ role: "assistant", content: turn.answer, runId: turn.runId })
  }
  return status
}

describe.skipIf(cannotPreload() !== undefined).each([
  ["SQLite", true],
  ["PostgreSQL", inject("postgresUrl") !== undefined],
] as const)("kill -9 of a gateway whose disk is slow, on %s", (store, isHere) => {
  const folder = temporaryFolder()
  let model: Model
  let database: Server | undefined
  let env: Readonly<Record<string, string>>
  let gateway: Running
  beforeAll(async () => {
    if (!isHere) return
    model = await startModel()
    const common = {
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "direct_llm",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", model.url),
    }
    if (store === "SQLite") {
      env = { ...common, ...slowDisk(syncMicros) }
      return
    }
    database = await start(findBinaries()!, durable, slowDisk(syncMicros))
    const url = Redacted.value(await Effect.runPromise(freshDatabase(database.url)))
    env = { ...common, DATABASE_URL: url }
  }, 120_000)
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    await model?.stop()
    await database?.stop()
    folder.dispose()
  })

  it.skipIf(!isHere)(
    `loses no acknowledged message in ${rounds} rounds, doubles none, and interrupts the runs that had not ended`,
    async () => {
      const random = seeded(18)
      const token = await tokenFor()
      const turns: Array<Turn> = []
      for (let round = 0; round < rounds; round++) {
        gateway = await startGateway(env)
        const client = new Client(gateway.url, token)
        const working = Array.from({ length: workers }, (_, worker) =>
          work(client, random, `${round} ${worker}`, turns),
        )
        const enough = turns.length + workers * (1 + Math.floor(random() * 4))
        await expect.poll(() => turns.length, { timeout: 120_000, interval: 5 }).toBeGreaterThan(enough)
        await gateway.stop("SIGKILL")
        await Promise.all(working)
      }
      gateway = await startGateway(env)
      const client = new Client(gateway.url, token)
      const statuses = new Set<string>()
      for (const turn of turns) statuses.add(await check(client, turn))
      expect([...statuses].toSorted()).toEqual(["completed", "interrupted"])
      expect(turns.length).toBeGreaterThan(rounds * workers)
    },
    300_000,
  )
})
