/**
 * Lists, counts and pages of sessions on 200 000 sessions and 2 million messages, on both databases: `npm run
 * explain -- sessions` prints Markdown. It takes about ten minutes and 4 GB in the temporary folder. `SESSIONS=20000` makes a
 * small one.
 */
import * as Console from "effect/Console"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { OrgId, UserId } from "../../src/domain/Ids.ts"
import { Replica } from "../../src/platform/Replica.ts"
import * as Database from "../../src/store/Database.ts"
import { ExportedMessages } from "../../src/store/ExportedMessages.ts"
import { SessionLists } from "../../src/store/SessionLists.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { findBinaries, freshDatabase, start } from "../support/postgres.ts"

const rounds = 30
const sessions = Number(process.env["SESSIONS"] ?? 200_000)
/** Sessions of the largest user; all others have ten. */
const ofLargest = sessions / 10
const turnsEach = 5
const startMs = Date.UTC(2026, 0, 1)

const decision = JSON.stringify({ order: ["direct_llm"], reason: "default_mode", probe: false, rules: [] })

/** An id with a kind and the number `n` of SQL. */
const id = (kind: number, n: string) =>
  `'01900000-000${kind}-7000-8000-' || substr('000000000000' || CAST(${n} AS TEXT), length(CAST(${n} AS TEXT)) + 1, 12)`
const numbers = (count: number) =>
  `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1})`
const user = (n: string) =>
  `CASE WHEN ${n} < ${ofLargest} THEN 'largest' ELSE 'user-' || CAST(${n} / 10 AS TEXT) END`
const agent = `'00000000-0000-4000-8000-000000000001'`
const runs = sessions * turnsEach
const at = (n: string) => `CAST(${startMs} AS BIGINT) + ${n} * 1000`

const statements = [
  `INSERT INTO sessions (id, org_id, user_id, agent_id, title, created_at, updated_at, pinned, archived)
    ${numbers(sessions)} SELECT ${id(1, "n")}, 'acme', ${user("n")}, ${agent}, '"A question about invoices"',
      ${at("n")}, ${at("n")}, CASE WHEN n % 50 = 0 THEN 1 ELSE 0 END, CASE WHEN n % 5 = 0 THEN 1 ELSE 0 END FROM numbers`,
  `INSERT INTO runs (id, session_id, org_id, user_id, agent_id, user_message_id, assistant_message_id, status, decision,
      execution_mode, finish_reason, created_at, ended_at, repeats, owner)
    ${numbers(runs)} SELECT ${id(2, "n")}, ${id(1, `n / ${turnsEach}`)}, 'acme', ${user(`n / ${turnsEach}`)}, ${agent},
      ${id(3, "n")}, ${id(4, "n")}, 'completed', '${decision}', 'direct_llm', 'stop', ${at("n")}, ${at("n")}, 0, NULL
    FROM numbers`,
  ...([3, 4] as const).map(
    (
      kind,
    ) => `INSERT INTO messages (id, session_id, run_id, role, content, parent_message_id, execution_mode, created_at, seq)
      ${numbers(runs)} SELECT ${id(kind, "n")}, ${id(1, `n / ${turnsEach}`)}, ${id(2, "n")},
        '${kind === 3 ? "user" : "assistant"}', '"${"A sentence of a message. ".repeat(kind === 3 ? 3 : 12)}"',
        ${kind === 3 ? "NULL" : id(3, "n")}, NULL, ${at("n")}, 2 * (n % ${turnsEach}) + ${kind - 2} FROM numbers`,
  ),
]

const quantile = (values: ReadonlyArray<number>, share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? 0

const cpuMs = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

const measured = Effect.fnUntraced(function* <A, E, R>(name: string, read: Effect.Effect<A, E, R>) {
  const times: Array<number> = []
  const cpu: Array<number> = []
  yield* read
  for (let round = 0; round < rounds; round++) {
    const [began, used] = [performance.now(), cpuMs()]
    yield* read
    times.push(performance.now() - began)
    cpu.push(cpuMs() - used)
  }
  const shown = [quantile(times, 0), quantile(times, 0.5), quantile(times, 0.95), quantile(cpu, 0.5)]
  yield* Console.log(`| ${name} | ${shown.map((ms) => ms.toFixed(1)).join(" | ")} |`)
})

const report = Effect.fnUntraced(function* (name: string) {
  const sql = yield* SqlClient.SqlClient
  const lists = yield* SessionLists
  const messages = yield* Sessions
  const exported = yield* ExportedMessages
  yield* Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
  yield* sql.onDialectOrElse({ pg: () => sql`VACUUM ANALYZE`, orElse: () => sql`ANALYZE` })
  yield* Console.log(
    `\n| ${name} | least ms | median | p95 | CPU of this process |\n| --- | --- | --- | --- | --- |`,
  )
  for (const [who, userId] of [
    ["10 sessions", `user-${sessions / 20}`],
    [`${ofLargest} sessions`, "largest"],
  ] as const) {
    const owner = { orgId: OrgId.make("acme"), userId: UserId.make(userId), permissions: [] }
    const page = { order: "activity", archived: false, limit: 20 } as const
    yield* measured(`first page of ${who}`, lists.list(owner, page))
    yield* measured(`100 of ${who}`, lists.list(owner, { ...page, limit: 100 }))
    const { entries, next } = yield* lists.list(owner, { ...page, limit: 5 })
    const half = yield* lists.list(owner, { ...page, limit: 100, before: next ?? undefined })
    yield* measured(
      `a later page of ${who}`,
      lists.list(owner, { ...page, before: half.next ?? next ?? undefined }),
    )
    yield* measured(`by creation, of ${who}`, lists.list(owner, { ...page, order: "created" }))
    yield* measured(`counts of ${who}`, lists.counts(owner))
    const session = entries[0]!.id
    yield* measured("a session", lists.get(owner, session))
    yield* measured("its last messages", messages.messages(session, { limit: 20 }))
    yield* measured("its runs", lists.runs(session, { limit: 20 }))
    yield* measured("a page of its export", exported.page(session, 0))
  }
})

const stores = (database: ReturnType<typeof Database.layer>) =>
  SqlStore.layer.pipe(
    Layer.provideMerge(database),
    Layer.provide(Replica.layer),
    Layer.provide(layerWebCrypto),
  )

const dataDir = mkdtempSync(join(tmpdir(), "crossfade-sessions-"))
await Effect.runPromise(
  report("SQLite").pipe(
    Effect.provide(stores(Database.layer({ databaseUrl: undefined, dataDir }))),
    Effect.scoped,
  ),
).finally(() => rmSync(dataDir, { recursive: true, force: true }))

const binaries = findBinaries()
if (binaries === undefined) throw new Error("No PostgreSQL binaries: run scripts/setup-postgres")
const server = await start(binaries, { shared_buffers: "256MB", max_wal_size: "4GB" })
const url = await Effect.runPromise(freshDatabase(server.url))
await Effect.runPromise(
  report("PostgreSQL").pipe(
    Effect.provide(
      stores(Database.layer({ databaseUrl: url, dataDir: "unused", statementTimeoutMs: 600_000 })),
    ),
    Effect.scoped,
  ),
).finally(server.stop)
