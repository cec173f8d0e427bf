/**
 * The operators' list of runs on two million runs, on SQLite and PostgreSQL: `npm run explain -- runs` prints the
 * times of each list, PostgreSQL's plans, and the cost of the indexes for a turn. It takes some minutes and 6 GB in the
 * temporary folder. On a busy machine compare the processor times of SQLite, which runs in this process, and the least
 * times of PostgreSQL.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Statement from "effect/sql/Statement"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId, OrgId, RunId, SessionId, UserId } from "../../src/domain/Ids.ts"
import * as Database from "../../src/store/Database.ts"
import { CohortRuns } from "../../src/store/CohortRuns.ts"
import { OperatorRuns, type RunFilter } from "../../src/store/OperatorRuns.ts"
import { Runs } from "../../src/store/Runs.ts"
import { completed, newPrincipal, newTurn } from "../store/Turns.ts"
import { findBinaries, freshDatabase, start } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import { storesOn } from "../support/storesOn.ts"

const runs = 2_000_000
const sessions = 400_000
const dayMs = 86_400_000
const startMs = Date.now() - 90 * dayMs
const stepMs = Math.floor((90 * dayMs) / runs)
/** Each tenth run is one of a program that acts as one user. */
const bot = "n % 10 = 0"

const at = (n: string) => `(${startMs} + ${n} * ${stepMs})`
const hex = { sqlite: (n: string) => n, pg: (n: string) => `(${n})::bigint` }
/** A version 7 id from the time of `n` and a digit. */
const idOf = (dialect: "sqlite" | "pg", n: string, kind: number) =>
  dialect === "sqlite"
    ? `printf('%08x-%04x-7%03x-8%03x-${kind}%011x', ${at(n)} / 65536, ${at(n)} % 65536, ${n} % 4096, 0, ${n})`
    : `lpad(to_hex(${hex.pg(at(n))} / 65536), 8, '0') || '-' || lpad(to_hex(${hex.pg(at(n))} % 65536), 4, '0')
      || '-7' || lpad(to_hex(${hex.pg(n)} % 4096), 3, '0') || '-8000-${kind}' || lpad(to_hex(${hex.pg(n)}), 11, '0')`
const trace = (dialect: "sqlite" | "pg", n: string) =>
  dialect === "sqlite"
    ? `printf('%016x%016x', (${n} * 2654435761) % 4294967296, ${n})`
    : `lpad(to_hex((${n}::bigint * 2654435761) % 4294967296), 16, '0') || lpad(to_hex(${n}::bigint), 16, '0')`
const idAt = (n: number, kind: number) => {
  const ms = startMs + n * stepMs
  const part = (value: number, length: number) => value.toString(16).padStart(length, "0")
  const high = Math.floor(ms / 65536)
  return `${part(high, 8)}-${part(ms % 65536, 4)}-7${part(n % 4096, 3)}-8000-${kind}${part(n, 11)}`
}

const decision = JSON.stringify({
  order: ["runtime_orchestrator", "direct_llm"],
  reason: "percentage",
  probe: false,
  cohort: "treatment",
  rules: ["forced", "denied_orgs", "enabled_orgs", "percentage", "breaker"].map((rule) => ({
    rule,
    result: "a result of about forty characters here",
    decided: false,
  })),
})

const fillOf = (dialect: "sqlite" | "pg"): ReadonlyArray<string> => {
  const series = (count: number) =>
    dialect === "sqlite"
      ? `(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < ${count - 1}) SELECT n FROM c)`
      : `(SELECT generate_series(0, ${count - 1})::bigint AS n) AS c`
  const session = `(n % ${sessions})`
  const org = `CASE WHEN ${bot} THEN 'org-0' ELSE 'org-' || (${session} % 200) END`
  const user = `CASE WHEN ${bot} THEN 'bot' ELSE 'user-' || (${session} % 20000) END`
  return [
    `INSERT INTO sessions (id, org_id, user_id, agent_id, title, created_at, updated_at)
      SELECT ${idOf(dialect, "n", 1)}, ${org}, ${user}, '${defaultAgentId}', '"A question"', ${at("n")}, ${at("n")}
      FROM ${series(sessions)}`,
    `INSERT INTO runs (id, session_id, org_id, user_id, agent_id, user_message_id, assistant_message_id, status,
        decision, execution_mode, error, usage, created_at, ended_at, cohort, repeats, owner, trace_id)
      SELECT ${idOf(dialect, "n", 2)}, ${idOf(dialect, session, 1)}, ${org}, ${user}, '${defaultAgentId}',
        ${idOf(dialect, "n", 3)}, ${idOf(dialect, "n", 4)}, CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'completed' END,
        '${decision}', 'runtime_orchestrator',
        CASE WHEN n % 1000 = 0 THEN '{"code":"LLM_UNAVAILABLE","message":"No answer","recoverable":true,"runId":"00000000-0000-4000-8000-000000000001"}' END,
        '{"tokens":412}', ${at("n")}, ${at("n")} + 3600, 'treatment', 0, 'o', ${trace(dialect, "n")}
      FROM ${series(runs)}`,
    `INSERT INTO feedback (message_id, run_id, session_id, org_id, user_id, cohort, rating, created_at, updated_at)
      SELECT assistant_message_id, id, session_id, org_id, user_id, cohort,
        CASE WHEN id LIKE '%0' THEN -1 ELSE 1 END, created_at, created_at
      FROM runs WHERE id LIKE '%00' OR id LIKE '%55' OR id LIKE '%aa'`,
    dialect === "sqlite" ? "ANALYZE" : "VACUUM ANALYZE",
  ]
}

const all = { orgId: null, agents: null }
const middle = RunId.make(idAt(runs / 2, 2))
const lists: ReadonlyArray<readonly [string, RunFilter, RunId?]> = [
  ["all, newest", {}],
  ["all, deep page", {}, middle],
  ["org of 0.5 %", { org: OrgId.make("org-77") }],
  ["user of 100 runs", { org: OrgId.make("org-77"), user: UserId.make("user-4077") }],
  ["user of 200 000 runs", { org: OrgId.make("org-0"), user: UserId.make("bot") }],
  ["user without an org", { user: UserId.make("user-4077") }],
  ["session", { session: SessionId.make(idAt(4077, 1)) }],
  [
    "trace",
    {
      traceId: `${((123_456n * 2654435761n) % 4294967296n).toString(16).padStart(16, "0")}${(123_456).toString(16).padStart(16, "0")}`,
    },
  ],
  ["thumbs down", { feedback: "down" }],
  ["org, thumbs down", { org: OrgId.make("org-77"), feedback: "down" }],
  ["code", { code: "LLM_UNAVAILABLE" }],
  ["code that no run has", { code: "NO_SUCH_CODE" }],
  ["reason that no run has", { reason: "rule:none" }],
  ["agent that no run has", { agent: AgentId.make("00000000-0000-4000-8000-0000000000ff") }],
  ["an hour", { from: startMs + 45 * dayMs, to: startMs + 45 * dayMs + 3_600_000 }],
  ["user, mode, status, failed", { org: OrgId.make("org-0"), user: UserId.make("bot"), status: "failed" }],
]

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const cpuMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** The time, and the processor time of this process, in milliseconds. */
const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const begun = performance.now()
    const cpu = cpuMs()
    return Effect.map(self, (value) => ({ ms: performance.now() - begun, cpu: cpuMs() - cpu, value }))
  })

const cells = (name: string, tries: ReadonlyArray<{ readonly ms: number; readonly cpu: number }>): string => {
  const ms = tries.map((one) => one.ms)
  const cpu = median(tries.map((one) => one.cpu))
  return `| ${name} | ${median(ms).toFixed(1)} | ${Math.min(...ms).toFixed(1)} | ${cpu.toFixed(1)} |`
}

const timeLists = Effect.gen(function* () {
  const store = yield* OperatorRuns
  for (const [name, filter, before] of lists) {
    const once = timed(store.list(all, filter, { limit: 20, ...(before === undefined ? {} : { before }) }))
    const tries = yield* Effect.replicateEffect(once, 21)
    yield* Console.log(`${cells(name, tries)} ${tries[0]!.value.entries.length} |`)
  }
  const cohortRuns = yield* CohortRuns
  const ratings = timed(cohortRuns.ratings({ since: startMs, gaps: [] }))
  const tries = yield* Effect.replicateEffect(ratings, 21)
  yield* Console.log(`${cells("ratings of the autopilot", tries)} ${tries[0]!.value.treatment.n} |`)
})

const turns = 2000

/** The processor time of one turn's statements on SQLite, and its bytes of write-ahead log on PostgreSQL. */
const timeTurns = Effect.fnUntraced(function* (dialect: "sqlite" | "pg") {
  const sql = yield* SqlClient.SqlClient
  const { begin, end } = yield* Runs
  const turn = Effect.suspend(() => {
    const made = newTurn(newPrincipal("org-77"), { at: Date.now() })
    const traceId = Array.from({ length: 32 }, () => Math.floor(16 * Math.random()).toString(16)).join("")
    const started = { ...made, run: { ...made.run, traceId } }
    const { ended, message } = completed(started, "The answer.".repeat(60))
    return Effect.andThen(begin(started), end(ended, message))
  })
  const written = sql<{ bytes: number | string }>`SELECT pg_current_wal_lsn() - '0/0' AS bytes`
  const log = dialect === "pg" ? Effect.map(written, ([row]) => Number(row?.bytes)) : Effect.succeed(0)
  yield* Effect.replicateEffect(turn, 200)
  const before = yield* log
  const { cpu } = yield* timed(Effect.replicateEffect(turn, turns, { discard: true }))
  const bytes = (yield* log) - before
  return dialect === "pg" ? `${Math.round(bytes / turns)} bytes of log` : `${(cpu / turns).toFixed(3)} ms`
})

const indexes = ["runs_by_org", "runs_by_user", "runs_by_trace"]

const costOfIndexes = Effect.fnUntraced(function* (dialect: "sqlite" | "pg") {
  const sql = yield* SqlClient.SqlClient
  yield* Console.log(
    `\n| a turn | cost |\n| --- | --- |\n| with all indexes | ${yield* timeTurns(dialect)} |`,
  )
  for (const name of indexes) {
    yield* sql`DROP INDEX ${sql(name)}`
    yield* Console.log(`| without ${name} too | ${yield* timeTurns(dialect)} |`)
  }
})

const plans = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const store = yield* OperatorRuns
  for (const [name, filter, before] of lists) {
    const sent: Array<readonly [string, ReadonlyArray<unknown>]> = []
    const listen: Statement.Transformer = (statement) => {
      sent.push(statement.compile())
      return Effect.succeed(statement)
    }
    yield* Effect.provideService(
      store.list(all, filter, { limit: 20, ...(before === undefined ? {} : { before }) }),
      Statement.CurrentTransformer,
      listen,
    )
    for (const [text, params] of sent.filter(
      ([text]) => text.includes("FROM runs") || text.includes('"runs"'),
    )) {
      const rows = yield* sql.unsafe(`EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) ${text}`, params).values
      yield* Console.log(`\n\`\`\`\n${name}\n${rows.map(([line]) => String(line)).join("\n")}\n\`\`\``)
    }
  }
})

/** Rows without indexes first: the random keys of an index are slow to insert and fast to sort. */
const fill = Effect.fnUntraced(function* (dialect: "sqlite" | "pg") {
  const sql = yield* SqlClient.SqlClient
  const indexes = yield* sql.unsafe<{ name: string; ddl: string }>(
    dialect === "sqlite"
      ? "SELECT name, sql AS ddl FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('runs', 'feedback') AND sql IS NOT NULL"
      : "SELECT indexname AS name, indexdef AS ddl FROM pg_indexes WHERE tablename IN ('runs', 'feedback') AND indexname NOT LIKE '%pkey'",
  )
  if (dialect === "sqlite") yield* sql.unsafe("PRAGMA cache_size = -1000000")
  for (const { name } of indexes) yield* sql`DROP INDEX ${sql(name)}`
  const [last, ...first] = fillOf(dialect).toReversed()
  for (const statement of first.toReversed()) yield* sql.unsafe(statement)
  for (const { ddl } of indexes) yield* sql.unsafe(ddl)
  yield* sql.unsafe(last!)
  if (dialect === "sqlite") yield* sql.unsafe("PRAGMA cache_size = -2000")
})

const report = (dialect: "sqlite" | "pg") =>
  Effect.gen(function* () {
    yield* Console.log(
      `\n${dialect}\n\n| list | median ms | least | processor | entries |\n| --- | --- | --- | --- | --- |`,
    )
    yield* fill(dialect)
    yield* timeLists
    if (dialect === "pg") yield* plans
    yield* costOfIndexes(dialect)
  })

const onSqlite = storesOn(
  Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir }))),
)
await Effect.runPromise(report("sqlite").pipe(Effect.provide(onSqlite), Effect.scoped))

const binaries = findBinaries()
if (binaries === undefined) throw new Error("No PostgreSQL binaries: run scripts/setup-postgres")
const server = await start(binaries, { shared_buffers: "256MB", max_wal_size: "4GB" })
const onPostgres = storesOn(
  Layer.unwrap(
    Effect.map(freshDatabase(server.url), (databaseUrl) =>
      Database.layer({ databaseUrl, dataDir: "unused", statementTimeoutMs: 600_000 }),
    ),
  ),
)
await Effect.runPromise(report("pg").pipe(Effect.provide(onPostgres), Effect.scoped)).finally(server.stop)
