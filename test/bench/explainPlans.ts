/**
 * PostgreSQL's plans for every statement of a turn and of the background jobs, on a million messages: `npm run
 * explain -- plans` prints Markdown. It calls the stores, records their statements, and explains each one with its values, in
 * a transaction that is rolled back. It takes two minutes and 1.5 GB in the temporary folder.
 */
import * as Console from "effect/Console"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Statement from "effect/sql/Statement"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { MessageId, OrgId, RunId, SessionId, UserId } from "../../src/domain/Ids.ts"
import * as Database from "../../src/store/Database.ts"
import { Replica } from "../../src/platform/Replica.ts"
import { Agents } from "../../src/store/Agents.ts"
import { CohortRuns } from "../../src/store/CohortRuns.ts"
import { Replicas } from "../../src/store/Replicas.ts"
import { parseQuery } from "../../src/domain/SearchQuery.ts"
import { Retention } from "../../src/store/Retention.ts"
import { Runs } from "../../src/store/Runs.ts"
import { SessionLists } from "../../src/store/SessionLists.ts"
import { Search } from "../../src/store/Search.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { everyStatement } from "../store/EveryStatement.ts"
import { attempt, completed, newPrincipal, newTurn, textEntries } from "../store/Turns.ts"
import { findBinaries, freshDatabase, start } from "../support/postgres.ts"
import * as Data from "./ExplainData.ts"

type Sent = readonly [sql: string, params: ReadonlyArray<unknown>]

/** Every statement of one turn, its readers and the background jobs. */
const work = Effect.gen(function* () {
  const { begin, append, recordAttempt, end, get, events, expiredParts, file } = yield* Runs
  const sessions = yield* Sessions
  const principal = { orgId: OrgId.make("org-7"), userId: UserId.make("user-4207"), permissions: [] }
  const now = Date.now()
  const sessionId = SessionId.make(yield* Data.idOf(Data.sessionId(64_207)))
  const runId = RunId.make(yield* Data.idOf(Data.runId(Data.turns - 35_793)))
  const recent = RunId.make(yield* Data.idOf(Data.runId(Data.turns - 3)))
  yield* (yield* Agents).get(principal.orgId, defaultAgentId)
  const session = yield* sessions.get(principal, sessionId)
  yield* sessions.messages(sessionId, { limit: 20 })
  yield* sessions.branch(sessionId)
  const lists = yield* SessionLists
  yield* lists.list(principal, { order: "activity", archived: false, limit: 20 })
  yield* lists.list(principal, { order: "created", limit: 20 })
  yield* lists.counts(principal)
  yield* lists.get(principal, sessionId)
  yield* lists.runs(sessionId, { limit: 20 })
  const turn = newTurn(principal, { session, at: now })
  yield* begin(turn)
  yield* begin(newTurn(principal, { at: now }))
  yield* append([{ id: turn.run.id, entries: textEntries(1, 64) }])
  yield* recordAttempt(turn.run.id, attempt(1, false))
  const { ended, message } = completed(turn, "The answer.".repeat(60))
  yield* end(ended, message)
  yield* get(principal, runId)
  yield* events(recent, 10)
  yield* expiredParts({ id: runId, userMessageId: MessageId.make(runId) })
  yield* file(recent, "file-1")
  yield* (yield* CohortRuns).read({
    after: { createdAt: now - 5000, runId: "" },
    limit: 500,
    now,
    since: Data.startMs,
  })
  const { find, indexNext } = yield* Search
  yield* indexNext
  const query = parseQuery("the invo")
  if (query !== undefined) yield* find(principal, query, { archived: false }, { limit: 20, messages: 3 })
  const retention = yield* Retention
  yield* retention.deleteEvents(now - 86_400_000, undefined)
  yield* retention.deleteKeys(now - 86_400_000)
  const replicas = yield* Replicas
  yield* replicas.remove([])
  yield* replicas.running(now)
  yield* everyStatement(newPrincipal())
})

const takeBack = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    let result: A | undefined
    const all = Effect.andThen(
      Effect.map(self, (value) => void (result = value)),
      Effect.fail("taken back" as const),
    )
    yield* Effect.catchIf(
      sql.withTransaction(all),
      (error) => error === "taken back",
      () => Effect.void,
    )
    return result!
  })

const caught = Effect.gen(function* () {
  const sent = new Map<string, Sent>()
  const listen: Statement.Transformer = (statement) => {
    const compiled = statement.compile()
    if (!sent.has(compiled[0])) sent.set(compiled[0], compiled)
    return Effect.succeed(statement)
  }
  yield* takeBack(Effect.provideService(work, Statement.CurrentTransformer, listen))
  return [...sent.values()].filter(
    ([text]) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/.test(text) && !text.includes("id7("),
  )
})

/** Reports the second of two runs: the first may wait for the disk. */
const explain = Effect.fnUntraced(function* (statements: ReadonlyArray<Sent>) {
  const sql = yield* SqlClient.SqlClient
  return yield* Effect.forEach(statements, ([text, params]) =>
    Effect.map(
      sql.unsafe(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY ON) ${text}`, params).values,
      (rows) => [text, rows.map(([line]) => String(line))] as const,
    ),
  )
})

/** Lists of values and of numbered parameters become one. */
const short = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .replace(/(\([^()]*\$\d[^()]*\))(,\s?\([^()]*\))+/, "$1, …")
    .replace(/\(\$1,\$2,[^()]{40,}\)/, "($1, …)")

const sizes = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<Record<string, string | number>>`SELECT c.relname AS name, c.reltuples::bigint AS rows,
      pg_table_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS indexes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.reltuples > 1000 ORDER BY 1`,
)

const millisecondsOf = (plan: ReadonlyArray<string>): number =>
  Number(/Execution Time: ([\d.]+)/.exec(plan.at(-1) ?? "")?.[1])

/** The use of each index: the statements that take ten times as long without it, and at least a millisecond. */
const withoutEach = Effect.fnUntraced(function* (statements: ReadonlyArray<Sent>) {
  const sql = yield* SqlClient.SqlClient
  const indexes = yield* sql<{ name: string }>`SELECT indexrelid::regclass::text AS name FROM pg_index
    JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT indisunique ORDER BY 1`
  const first = yield* takeBack(explain(statements))
  return yield* Effect.forEach(indexes, ({ name }) =>
    Effect.map(
      takeBack(Effect.andThen(sql`DROP INDEX ${sql(name)}`, explain(statements))),
      (plans) =>
        [
          name,
          plans.flatMap(([text, plan], index) => {
            const [before, after] = [millisecondsOf(first[index]![1]), millisecondsOf(plan)]
            return after > Math.max(1, 10 * before) ? [[text, before, after] as const] : []
          }),
        ] as const,
    ),
  )
})

/** The scans of tables that grow with each turn. */
const scansOf = (plans: ReadonlyArray<readonly [string, ReadonlyArray<string>]>) =>
  plans.flatMap(([text, plan]) =>
    plan
      .filter((line) => /Seq Scan on (sessions|messages|runs|attempts|run_events|search_docs)\b/.test(line))
      .map((line) => `${line.trim()}: ${short(text)}`),
  )

const report = Effect.gen(function* () {
  yield* Data.fill
  const statements = yield* caught
  yield* takeBack(explain(statements))
  const plans = yield* takeBack(explain(statements))
  yield* Console.log("| table | rows | bytes a row | of indexes |\n| --- | --- | --- | --- |")
  for (const { bytes, indexes, name, rows } of yield* sizes) {
    const each = (total: unknown) => Math.round(Number(total) / Number(rows))
    yield* Console.log(`| ${name} | ${rows} | ${each(bytes)} | ${each(indexes)} |`)
  }
  yield* Console.log(["\nScans of whole tables:", ...scansOf(plans)].join("\n- "))
  yield* Console.log("\n| without the index | ms | with it | statement |\n| --- | --- | --- | --- |")
  for (const [name, slower] of yield* withoutEach(statements)) {
    for (const [text, before, after] of new Map(slower.map((one) => [one[0], one])).values())
      yield* Console.log(`| ${name} | ${after} | ${before} | ${short(text).slice(0, 80)} |`)
    if (slower.length === 0) yield* Console.log(`| ${name} | nothing takes longer | | |`)
  }
  for (const [text, plan] of new Map(plans)) {
    yield* Console.log(`\n\`\`\`\n${short(text)}\n\n${plan.join("\n")}\n\`\`\``)
  }
})

const binaries = findBinaries()
if (binaries === undefined) throw new Error("No PostgreSQL binaries: run scripts/setup-postgres")
const server = await start(binaries, { shared_buffers: "256MB", max_wal_size: "4GB" })
const stores = SqlStore.layer.pipe(
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(freshDatabase(server.url), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused", statementTimeoutMs: 600_000 }),
      ),
    ),
  ),
  Layer.provide(Replica.layer),
  Layer.provide(layerWebCrypto),
)
await Effect.runPromise(report.pipe(Effect.provide(stores), Effect.scoped)).finally(server.stop)
