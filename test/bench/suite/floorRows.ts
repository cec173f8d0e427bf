/**
 * The rows of a turn for the durable floor, in a database that the gateway's migrations created: the same tables,
 * columns and indexes, with plain prepared statements. `begin` and `end` return when their transaction is durable.
 */
import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

/** As the gateway's ids, which are in the order of time: SQLite appends to its indexes. */
const newId = (): string => {
  const time = Date.now().toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** As long as the gateway's for a turn of the runtime. */
const decision = JSON.stringify({
  order: ["runtime_orchestrator", "direct_llm"],
  reason: "default_mode",
  probe: false,
  rules: [
    { rule: "forced", result: "no operator override", decided: false },
    { rule: "denied_orgs", result: "no organisation is listed", decided: false },
    { rule: "enabled_orgs", result: "no organisation is listed", decided: false },
    { rule: "percentage", result: "0 %: nothing is rolled out", decided: false },
    { rule: "default_mode", result: "runtime_orchestrator", decided: true },
    { rule: "breaker", result: "the runtime is in use", decided: false },
  ],
})
const usage = JSON.stringify({ tokens: 129, estimated: true })
const mode = "runtime_orchestrator"
const person = { org_id: "acme", user_id: "ana", agent_id: "00000000-0000-4000-8000-000000000001" }
const owner = newId()

type Row = Readonly<Record<string, SQLInputValue>>

export interface Turn {
  readonly id: string
  readonly session: string
  readonly message: string
  readonly at: number
}

const sessionOf = ({ at, session }: Turn, title: string): Row => ({
  id: session,
  ...person,
  title,
  cohort: null,
  created_at: at,
  updated_at: at,
  client_key: null,
})

const runOf = ({ at, id, message, session }: Turn): Row => ({
  id,
  session_id: session,
  ...person,
  user_message_id: message,
  decision,
  trace_id: null,
  created_at: at,
  status: "running",
  assistant_message_id: null,
  execution_mode: null,
  error: null,
  usage: null,
  model: null,
  finish_reason: null,
  ended_at: null,
  cohort: null,
  repeats: 0,
  owner,
})

const questionOf = ({ at, id, message, session }: Turn, content: string): Row => ({
  id: message,
  session_id: session,
  run_id: id,
  role: "user",
  content,
  parent_message_id: null,
  execution_mode: null,
  created_at: at,
  record: null,
  parts: null,
  attachments: null,
  deleted_at: null,
  seq: 1,
})

const answerOf = (turn: Turn, id: string, content: string, at: number): Row => ({
  ...questionOf(turn, content),
  id,
  role: "assistant",
  parent_message_id: turn.message,
  execution_mode: mode,
  created_at: at,
  parts: `[{"id":"${turn.id}:1","type":"text","data":{"content":${content}},"timestamp":"${new Date(at).toISOString()}"}]`,
  seq: 2,
})

const attemptOf = ({ at, id }: Turn, firstAt: number, endedAt: number): Row => ({
  run_id: id,
  number: 1,
  mode,
  target: "runtime",
  shadow: 0,
  started_at: at,
  first_progress_at: firstAt,
  first_content_at: firstAt,
  ended_at: endedAt,
  outcome: "success",
  code: null,
  usage: null,
  model: null,
  failure: null,
})

export interface Rows {
  readonly begin: (message: string) => Turn
  readonly end: (turn: Turn, events: ReadonlyArray<string>, content: string, firstAt: number) => void
}

export const openRows = (folder: string): Rows => {
  const database = new DatabaseSync(join(folder, "crossfade.db"), { enableForeignKeyConstraints: true })
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
  const begin = database.prepare("BEGIN IMMEDIATE")
  const commit = database.prepare("COMMIT")
  const endRun = database.prepare(
    `UPDATE runs SET status = 'completed', assistant_message_id = ?, execution_mode = ?, error = NULL, usage = ?,
      model = NULL, finish_reason = 'stop', ended_at = ? WHERE id = ?`,
  )
  const inserts = new Map<string, StatementSync>()
  /** The columns of a table are the same in each row. */
  const insert = (table: string, row: Row): void => {
    const columns = Object.keys(row)
    const values = columns.map(() => "?")
    const statement =
      inserts.get(table) ?? database.prepare(`INSERT INTO ${table} (${columns}) VALUES (${values})`)
    inserts.set(table, statement)
    statement.run(...Object.values(row))
  }
  return {
    begin: (text) => {
      const turn: Turn = { id: newId(), session: newId(), message: newId(), at: Date.now() }
      const content = JSON.stringify(text)
      begin.run()
      insert("sessions", sessionOf(turn, content))
      insert("runs", runOf(turn))
      insert("messages", questionOf(turn, content))
      commit.run()
      return turn
    },
    end: (turn, events, text, firstAt) => {
      const [now, answer] = [Date.now(), newId()]
      begin.run()
      endRun.run(answer, mode, usage, now, turn.id)
      insert("messages", answerOf(turn, answer, JSON.stringify(text), now))
      insert("attempts", attemptOf(turn, firstAt, now))
      insert("run_events", { run_id: turn.id, seq: events.length, event: `[${events.join(",")}]` })
      commit.run()
    },
  }
}
