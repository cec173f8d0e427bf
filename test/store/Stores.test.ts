/** The contract of the stores, on SQLite and, if the server's binaries are installed, on PostgreSQL. */
import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Database from "../../src/store/Database.ts"
import { Runs } from "../../src/store/Runs.ts"
import { FeedbackStore } from "../../src/store/FeedbackStore.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import { storesOn } from "../support/storesOn.ts"
import { apiKeys } from "./ApiKeysContract.ts"
import { baselines } from "./BaselinesContract.ts"
import { largeParts } from "./LargePartsContract.ts"
import { orgUsage } from "./OrgUsageContract.ts"
import { pages } from "./PagesContract.ts"
import { branches } from "./BranchContract.ts"
import { messages } from "./MessagesContract.ts"
import { autopilots, cohortRuns } from "./CohortRunsContract.ts"
import { answeredTurn } from "./deleting.ts"
import { deletion } from "./DeletionContract.ts"
import { erasure } from "./ErasureContract.ts"
import { deletionRaces } from "./DeletionRacesContract.ts"
import { restores } from "./RestoreContract.ts"
import { feedback } from "./FeedbackContract.ts"
import { operatorRuns } from "./OperatorRunsContract.ts"
import { files } from "./FilesContract.ts"
import { recordedTurns } from "./RecordedTurnsContract.ts"
import { retention } from "./RetentionContract.ts"
import { replicas } from "./ReplicasContract.ts"
import { rollout } from "./RolloutContract.ts"
import { runRecords } from "./RunRecordsContract.ts"
import { runs } from "./RunsContract.ts"
import { search } from "./SearchContract.ts"
import { searchQueries } from "./SearchQueriesContract.ts"
import { searchScripts } from "./SearchScriptsContract.ts"
import { shadowPairs } from "./ShadowPairsContract.ts"
import { agents, sessions } from "./StoreContract.ts"
import { sessionLists } from "./SessionListsContract.ts"
import { tokenSpend } from "./TokenSpendContract.ts"
import { transitions } from "./TransitionsContract.ts"
import { newPrincipal, newTurn } from "./Turns.ts"

const sqlite = storesOn(
  Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir }))),
)
const suites = [
  apiKeys,
  agents,
  pages,
  largeParts,
  search,
  searchQueries,
  searchScripts,
  sessions,
  sessionLists,
  branches,
  messages,
  runs,
  runRecords,
  deletion,
  deletionRaces,
  restores,
  erasure,
  retention,
  replicas,
  rollout,
  transitions,
  baselines,
  shadowPairs,
  cohortRuns,
  autopilots,
  feedback,
  operatorRuns,
  files,
  recordedTurns,
  tokenSpend,
  orgUsage,
]
for (const suite of suites) suite("SQLite", sqlite)

const postgresUrl = inject("postgresUrl")
describe.skipIf(postgresUrl === undefined)("PostgreSQL", () => {
  const postgres = storesOn(
    Layer.unwrap(
      Effect.map(freshDatabase(postgresUrl ?? ""), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused" }),
      ),
    ),
  )
  for (const suite of suites) suite("PostgreSQL", postgres)

  it.live("a connection lost inside a transaction is a StoreError, and the next turn is stored", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const runs = yield* Runs
      const owner = newPrincipal()
      const turn = newTurn(owner)
      const holder = yield* sql.reserve
      yield* holder.executeRaw("BEGIN", [])
      yield* holder.executeRaw("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE", [])
      const beginning = yield* Effect.forkChild(Effect.flip(runs.begin(turn)))
      const terminated = yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
        Effect.repeat({ until: (rows) => rows.length > 0 }),
      )
      assert.strictEqual(terminated.length, 1)
      yield* holder.executeRaw("ROLLBACK", [])
      const error = yield* Fiber.join(beginning)
      assert.deepInclude(error, { _tag: "StoreError", operation: "Runs.begin" })
      assert.strictEqual((yield* Effect.flip(runs.get(owner, turn.run.id)))._tag, "RunNotFound")
      yield* runs.begin(turn)
      assert.deepStrictEqual((yield* runs.get(owner, turn.run.id)).run, turn.run)
      // The pool waits for its borrowed connections: the reserved one goes back before the layer closes.
    }).pipe(Effect.scoped, Effect.provide(postgres)),
  )

  it.live("feedback that arrives during the deletion of its message is not stored", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { put } = yield* FeedbackStore
      const owner = newPrincipal()
      const { answer } = yield* answeredTurn(owner, "one")
      const holder = yield* sql.reserve
      yield* holder.executeRaw("BEGIN", [])
      yield* holder.executeRaw("UPDATE messages SET deleted_at = 5 WHERE id = $1", [answer])
      const given = { rating: "up", score: null, comment: null } as const
      const putting = yield* Effect.forkChild(Effect.flip(put(owner, answer, given, 1)))
      yield* sql`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
        Effect.repeat({ until: (rows) => rows.length > 0 || putting.pollUnsafe() !== undefined }),
      )
      yield* holder.executeRaw("COMMIT", [])
      assert.strictEqual((yield* Fiber.join(putting))._tag, "MessageNotFound")
      assert.isEmpty(yield* sql`SELECT 1 FROM feedback WHERE message_id = ${answer}`)
    }).pipe(Effect.scoped, Effect.provide(postgres)),
  )
})
