/** The durable floor stores what the gateway stores, or its cost would be no floor of the gateway's. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Database from "../../src/store/Database.ts"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { temporaryFolder } from "../support/processes.ts"
import { openRows } from "./suite/floorRows.ts"
import { type Gateway, startBenchGateway, startUpstreams } from "./suite/Processes.ts"
import { deltas } from "./suite/shape.ts"

const ours = temporaryFolder()
const floors = temporaryFolder()
const tables = ["sessions", "runs", "messages", "attempts", "run_events"]
let gateway: Gateway | undefined
let upstreams: Awaited<ReturnType<typeof startUpstreams>> | undefined

type Rows = ReadonlyArray<Record<string, unknown>>
const read = (folder: string, table: string): Rows => {
  const database = new DatabaseSync(join(folder, "crossfade.db"), { readOnly: true })
  const rows = database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all()
  database.close()
  return rows
}

/** The columns with a value, without those that background work of the gateway sets later. */
const filled = (rows: Rows) =>
  rows.map((row) =>
    Object.entries(row)
      .filter(([name, value]) => value !== null && !name.endsWith("indexed"))
      .map(([name]) => name),
  )
const bytes = (rows: Rows) => JSON.stringify(rows).length

const turnOfGateway = async () => {
  upstreams = await startUpstreams()
  gateway = await startBenchGateway(upstreams.url, "runtime_orchestrator", {}, { folder: ours.path })
  const response = await fetch(`${gateway.url}/api/v1/chat/start`, {
    method: "POST",
    headers: { authorization: `Bearer ${await tokenFor()}`, "content-type": "application/json" },
    body: JSON.stringify({ agentId: defaultAgent, message: "burst" }),
  })
  expect(await response.text()).toContain("event: done")
}

const turnOfFloor = async () => {
  const database = Database.layer({ databaseUrl: undefined, dataDir: floors.path })
  await Effect.runPromise(Effect.scoped(Layer.build(database)))
  const rows = openRows(floors.path)
  const turn = rows.begin("burst")
  const words = Array.from({ length: deltas.burst }, (_, index) => `word ${index} `)
  const timestamp = new Date().toISOString()
  const events = words.map((content, index) =>
    JSON.stringify({
      event: "message",
      data: { id: `${turn.id}:${index + 1}`, type: "text", data: { content }, timestamp },
    }),
  )
  rows.end(turn, events, words.join(""), Date.now())
}

beforeAll(async () => {
  await turnOfGateway()
  await turnOfFloor()
}, 60_000)
afterAll(async () => {
  await gateway?.dispose()
  await upstreams?.stop("SIGKILL")
  ours.dispose()
  floors.dispose()
})

it.each(tables)("stores the same rows and columns in %s, with nearly as many bytes", (table) => {
  const [own, floor] = [read(ours.path, table), read(floors.path, table)]
  expect(filled(floor)).toEqual(filled(own))
  expect(bytes(floor) / bytes(own)).toBeGreaterThan(0.97)
  expect(bytes(floor) / bytes(own)).toBeLessThan(1.03)
})
