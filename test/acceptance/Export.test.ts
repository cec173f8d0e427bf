/** Exports of 200 MB by a gateway with a heap of 512 MB, to readers that are fast, slow, or cut off by a failure. */
import { once } from "node:events"
import { get, type IncomingMessage } from "node:http"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
let client: Client
let largest: string

const sessions = 40
const messagesEach = 100
/** With its JSON, about 50 kB. */
const content = JSON.stringify(`${"A sentence with an emoji 🙂. ".repeat(1800)}`)

const id = (kind: number, n: number) => `00000000-0000-7000-8000-${kind}${String(n).padStart(11, "0")}`

/** Copies of the session that the gateway has stored, so that the rows have every column. */
const fill = (sessionId: string) => {
  const database = new DatabaseSync(join(folder.path, "crossfade.db"))
  database.exec("BEGIN")
  const copy = (table: string, changes: Readonly<Record<string, unknown>>, where: string) => {
    const row = { ...database.prepare(`SELECT * FROM ${table} WHERE ${where}`).get(), ...changes }
    const names = Object.keys(row)
    database
      .prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => "?").join()})`)
      .run(...(Object.values(row) as Array<string>))
  }
  const first = `session_id = '${sessionId}'`
  for (let n = 0; n < sessions; n++) {
    copy("sessions", { id: id(1, n), client_key: null }, `id = '${sessionId}'`)
    copy("runs", { id: id(2, n), session_id: id(1, n) }, first)
    for (let m = 0; m < messagesEach; m++) {
      const changes = {
        id: id(3, n * messagesEach + m),
        session_id: id(1, n),
        run_id: id(2, n),
        seq: m + 1,
        content,
      }
      copy("messages", changes, first)
    }
  }
  database.exec("COMMIT")
  database.close()
}

const open = async (path: string): Promise<IncomingMessage> => {
  const request = get(`${client.url}${path}`, {
    headers: { authorization: `Bearer ${client.token}` },
    agent: false,
  })
  const [response] = (await once(request, "response")) as [IncomingMessage]
  return response
}

/** The types of the lines, counted, and the last line. */
const read = async (response: IncomingMessage) => {
  const counts: Record<string, number> = {}
  let bytes = 0
  let last: unknown
  for await (const line of createInterface({ input: response })) {
    bytes += line.length
    const { type } = (last = JSON.parse(line))
    counts[type] = (counts[type] ?? 0) + 1
  }
  return { counts, bytes, last }
}

const whole = { session: sessions + 1, message: sessions * messagesEach + 2, run: sessions + 1 }
const end = { type: "end", sessions: whole.session, messages: whole.message, runs: whole.run }

/** The most memory that the process has held so far. */
const peakMb = () =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"))?.[1]) / 1024

beforeAll(async () => {
  const env = { DATA_DIR: folder.path, CHAT_EXECUTION_MODE: "direct_llm" }
  gateway = await startGateway(env)
  client = new Client(gateway.url, await tokenFor())
  const stream = await client.start("Hello")
  await stream.rest()
  largest = stream.sessionId
  await gateway.stop()
  fill(largest)
  gateway = await startGateway({ ...env, NODE_OPTIONS: "--max-old-space-size=512" })
  client = new Client(gateway.url, client.token)
}, 60_000)
afterAll(async () => {
  await gateway.stop("SIGKILL")
  folder.dispose()
})

describe("an export of 200 MB", () => {
  it("is complete, counted, and read by a fast and a slow reader at once in bounded memory", async () => {
    const slow = await open("/api/v1/chat/export")
    slow.pause()
    const { bytes, counts, last } = await read(await open("/api/v1/chat/export"))
    expect(bytes).toBeGreaterThan(180_000_000)
    expect(counts).toEqual({ export: 1, ...whole, end: 1 })
    expect(last).toEqual(end)
    // It has read nothing while the other one read everything.
    const rest = await read(slow)
    expect([rest.counts, rest.last]).toEqual([{ export: 1, ...whole, end: 1 }, end])
    expect(peakMb()).toBeLessThan(512)
  }, 120_000)

  it("of one session has the lines of that session alone", async () => {
    const { counts, last } = await read(await open(`/api/v1/chat/sessions/${largest}/export`))
    expect(counts).toEqual({ export: 1, session: 1, message: 2, run: 1, end: 1 })
    expect(last).toEqual({ type: "end", sessions: 1, messages: 2, runs: 1 })
  })

  it("ends with an error and without counts if the store fails in the middle", async () => {
    const response = await open("/api/v1/chat/export")
    response.pause()
    const database = new DatabaseSync(join(folder.path, "crossfade.db"))
    // The oldest session, the last one of the export.
    database.exec(`UPDATE messages SET content = '{' WHERE session_id = '${id(1, 0)}' AND seq = 50`)
    database.close()
    const { counts, last } = await read(response)
    expect(response.statusCode).toBe(200)
    expect(last).toEqual({
      type: "error",
      error: { code: "OVERLOADED", message: expect.stringContaining("store") },
    })
    expect(counts["end"]).toBeUndefined()
    expect(counts["message"]).toBeGreaterThan(1000)
  }, 60_000)
})
