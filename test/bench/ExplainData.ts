/**
 * A large store, generated inside PostgreSQL: a million messages of 500 000 turns over 90 days, in 100 000 sessions
 * of 20 000 users of 200 organisations. The turns of a session lie far apart, as with many concurrent users. The
 * newest runs still have their events, a million of them, in the sizes of the sandbox's turn of 48 events.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const turns = 500_000
const sessions = 100_000
const users = 20_000
const orgs = 200
const eventsARun = 48
const runsWithEvents = Math.round(1_000_000 / eventsARun)
/** More than a day's, so that the retention job has work. */
const runsWithKeys = 200_000
const days = 90
const dayMs = 86_400_000

/** The start of the turn with number `n`. */
export const startMs = Date.now() - days * dayMs
export const stepMs = Math.floor((days * dayMs) / turns)

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

/** A version 7 id from its creation time and a salt. */
const idFunction = `CREATE FUNCTION id7(at BIGINT, salt TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
  SELECT substr(t, 1, 8) || '-' || substr(t, 9) || '-7' || substr(m, 1, 3) || '-8' || substr(m, 4, 3) || '-' || substr(m, 7, 12)
  FROM (SELECT lpad(to_hex(at), 12, '0') AS t, md5(salt) AS m) x $$`

const at = (n: string) => `(${startMs} + ${n}::bigint * ${stepMs})`
export const sessionId = (n: number | string) => `id7(${at(String(n))}, 's' || ${n})`
export const runId = (n: number | string) => `id7(${at(String(n))}, 'r' || ${n})`
const session = `(n % ${sessions})`
const org = `'org-' || (${session} % ${orgs})`
const user = `'user-' || (${session} % ${users})`
const cohort = `CASE n % 10 WHEN 0 THEN 'treatment' WHEN 1 THEN 'control' END`
const agent = `'00000000-0000-4000-8000-000000000001'`

const statements = [
  idFunction,
  `INSERT INTO sessions (id, org_id, user_id, agent_id, title, created_at, updated_at, cohort)
    SELECT ${sessionId("n")}, ${org}, ${user}, ${agent}, '"A question about invoices"', ${at("n")}, ${at("n")}, ${cohort}
    FROM generate_series(0, ${sessions - 1}) n`,
  `INSERT INTO runs (id, session_id, org_id, user_id, agent_id, user_message_id, assistant_message_id, status, decision,
      execution_mode, usage, created_at, ended_at, cohort, repeats, owner)
    SELECT ${runId("n")}, ${sessionId(session)}, ${org}, ${user}, ${agent}, id7(${at("n")}, 'u' || n), id7(${at("n")}, 'a' || n),
      'completed', '${decision}', 'runtime_orchestrator', '{"tokens":412}', ${at("n")}, ${at("n")} + 3600, ${cohort}, 0, id7(${startMs}, 'o')
    FROM generate_series(0, ${turns - 1}) n`,
  ...(["u", "a"] as const).map(
    (
      role,
    ) => `INSERT INTO messages (id, session_id, run_id, role, content, parent_message_id, execution_mode, created_at, seq, indexed)
      SELECT id7(${at("n")}, '${role}' || n), ${sessionId(session)}, ${runId("n")}, '${role === "u" ? "user" : "assistant"}',
        '"' || repeat(md5(n::text) || ' ', ${role === "u" ? 3 : 20}) || '"', ${role === "u" ? `CASE WHEN n >= ${sessions} THEN id7(${at(`(n - ${sessions})`)}, 'a' || (n - ${sessions})) END` : `id7(${at("n")}, 'u' || n)`}, ${role === "u" ? "NULL" : "'runtime_orchestrator'"}, ${at("n")} + ${role === "u" ? 0 : 3600},
        2 * (n / ${sessions}) + ${role === "u" ? 1 : 2}, CASE WHEN n < ${turns - 100} THEN 1 ELSE 0 END
      FROM generate_series(0, ${turns - 1}) n`,
  ),
  `INSERT INTO attempts (run_id, number, shadow, mode, target, started_at, first_progress_at, first_content_at, ended_at, outcome, usage)
    SELECT ${runId("n")}, 1, 0, 'runtime_orchestrator', 'runtime', ${at("n")}, ${at("n")} + 130, ${at("n")} + 1700, ${at("n")} + 3600,
      'success', '{"tokens":412}'
    FROM generate_series(0, ${turns - 1}) n`,
  `INSERT INTO run_events (run_id, seq, event)
    SELECT ${runId("n")}, e, '[{"event":"message","data":{"id":"' || ${runId("n")} || ':' || e || '","type":"text","data":{"content":"' || md5(e::text) || '"},"timestamp":"2026-11-23T00:21:34.360Z"}}]'
    FROM generate_series(${turns - runsWithEvents}, ${turns - 1}) n, generate_series(1, ${eventsARun}) e`,
  `INSERT INTO idempotency_keys (key, request, run_id, created_at)
    SELECT md5('k' || n), md5('q' || n), ${runId("n")}, ${at("n")}
    FROM generate_series(${turns - runsWithKeys}, ${turns - 1}) n`,
]

export const fill = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
  yield* sql`VACUUM ANALYZE`
})

export const idOf = (expression: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(sql.unsafe<{ id: string }>(`SELECT ${expression} AS id`), ([row]) => row!.id),
  )
