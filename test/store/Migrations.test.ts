import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Migrator from "effect/sql/Migrator"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import { migrate } from "../../src/store/Migrations.ts"
import { initial } from "../../src/store/migrations/0001_initial.ts"
import { breaker } from "../../src/store/migrations/0002_breaker.ts"
import { rollout } from "../../src/store/migrations/0003_rollout.ts"
import { autopilot } from "../../src/store/migrations/0004_autopilot.ts"
import { shadow } from "../../src/store/migrations/0005_shadow.ts"
import { fleet } from "../../src/store/migrations/0006_fleet.ts"
import { trace } from "../../src/store/migrations/0007_trace.ts"
import * as PostgresClient from "../../src/persistence/PostgresClient.ts"
import * as PostgresUrl from "../../src/domain/PostgresUrl.ts"
import * as SqliteClient from "../../src/persistence/SqliteClient.ts"
import { freshDatabase } from "../support/postgres.ts"

const postgresUrl = inject("postgresUrl")

const toVersion7 = Migrator.make({})({
  loader: Migrator.fromRecord({
    "0001_initial": initial,
    "0002_breaker": breaker,
    "0003_rollout": rollout,
    "0004_autopilot": autopilot,
    "0005_shadow": shadow,
    "0006_fleet": fleet,
    "0007_trace": trace,
  }),
  table: "crossfade_migrations",
})

interface Told {
  readonly run: string
  readonly at: number
  readonly answeredAt?: number
  readonly parent?: string
}

/**
 * A turn as version 7 stored it: a question's parent is null unless the client named one, an answer's is its
 * question.
 */
const told = Effect.fnUntraced(function* ({ answeredAt, at, parent, run }: Told) {
  const sql = yield* SqlClient.SqlClient
  const owner = { session_id: "s", org_id: "acme", user_id: "ana", agent_id: "a" }
  const [question, answer] = [`q${run}`, `a${run}`]
  const decision = JSON.stringify({ order: ["direct_llm"], reason: "default_mode", probe: false, rules: [] })
  const ends = { user_message_id: question, decision, created_at: at, status: "completed" }
  yield* sql`INSERT INTO runs ${sql.insert({ id: run, ...owner, ...ends })}`
  const message = { session_id: "s", run_id: run, content: "" }
  const asked = { id: question, role: "user", parent_message_id: parent ?? null, created_at: at }
  yield* sql`INSERT INTO messages ${sql.insert({ ...message, ...asked })}`
  if (answeredAt === undefined) return
  const said = { id: answer, role: "assistant", parent_message_id: question, created_at: answeredAt }
  yield* sql`INSERT INTO messages ${sql.insert({ ...message, ...said })}`
})

const migrated = (...turns: ReadonlyArray<Told>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* toVersion7
    const session = { id: "s", org_id: "acme", user_id: "ana", agent_id: "a", title: "" }
    yield* sql`INSERT INTO sessions ${sql.insert({ ...session, created_at: 0, updated_at: 0 })}`
    for (const turn of turns) yield* told(turn)
    yield* migrate
    return yield* sql`SELECT id, parent_message_id FROM messages ORDER BY seq`.values
  })

const messagesOfVersion7 = (
  name: string,
  client: Effect.Effect<Layer.Layer<SqlClient.SqlClient, unknown>, unknown, never>,
) =>
  describe(`the messages of version 7 on ${name}`, () => {
    const after = (...turns: ReadonlyArray<Told>) =>
      Effect.flatMap(client, (layer) => Effect.provide(migrated(...turns), layer))

    it.live("are one chain in the order of their turns, even if the clock was set back", () =>
      Effect.gen(function* () {
        const chain = yield* after(
          { run: "1", at: 5000, answeredAt: 5900 },
          { run: "2", at: 4000 },
          { run: "3", at: 3000, answeredAt: 3900 },
        )
        assert.deepStrictEqual(chain, [
          ["q1", null],
          ["a1", "q1"],
          ["q2", "a1"],
          ["q3", "q2"],
          ["a3", "q3"],
        ])
      }),
    )

    it.live("have no circle if an answer is older than its question", () =>
      Effect.gen(function* () {
        const chain = yield* after(
          { run: "1", at: 5000, answeredAt: 4000 },
          { run: "2", at: 6000, answeredAt: 4500 },
        )
        assert.deepStrictEqual(chain, [
          ["q1", null],
          ["a1", "q1"],
          ["q2", "a1"],
          ["a2", "q2"],
        ])
      }),
    )

    it.live("keep the parent that a client named", () =>
      Effect.gen(function* () {
        const chain = yield* after(
          { run: "1", at: 1000, answeredAt: 1900 },
          { run: "2", at: 2000, answeredAt: 2900 },
          { run: "3", at: 3000, answeredAt: 3900, parent: "a1" },
        )
        assert.deepStrictEqual(chain.slice(4), [
          ["q3", "a1"],
          ["a3", "q3"],
        ])
      }),
    )
  })

messagesOfVersion7(
  "SQLite",
  Effect.sync(() => SqliteClient.layer({ filename: ":memory:" })),
)

if (postgresUrl !== undefined)
  messagesOfVersion7(
    "PostgreSQL",
    Effect.map(freshDatabase(postgresUrl), (fresh) => {
      const url = Result.getOrThrow(PostgresUrl.parse(Redacted.value(fresh)))
      return PostgresClient.layer({ url, poolSize: 2, statementTimeoutMs: 5000, tls: undefined })
    }),
  )
