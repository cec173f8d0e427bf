import { assert, describe, inject, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type Accepted, Chat } from "../../src/chat/Chat.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import type { Batch } from "../../src/persistence/Batch.ts"
import * as Database from "../../src/store/Database.ts"
import { Replica } from "../../src/platform/Replica.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { arrival, finished, principal, says, text } from "../support/fixtures.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import * as Stages from "../../src/app/Stages.ts"
import { freePermit } from "../chat/freePermit.ts"

const caller = { principal, requestId: "r", headers: {}, language: undefined, arrival, permit: freePermit }

/** A runtime that sends as many words as its message states. */
const runtime = Layer.succeed(
  Executor,
  Executor.of({
    mode: "runtime_orchestrator",
    target: "runtime",
    execute: ({ message }) =>
      Stream.fromIterable([...Array.from({ length: Number(message) }, () => says(text("word "))), finished]),
  }),
)

const service = <E>(database: Layer.Layer<Batch | SqlClient.SqlClient, E>) =>
  Layer.unwrap(Effect.map(Config.read({ CHAT_EXECUTION_MODE: "runtime_orchestrator" }), Stages.layer)).pipe(
    Layer.provide(Modes.layer([runtime])),
    Layer.provide(SqlStore.layer),
    Layer.provide(database),
    Layer.provide(Replica.layer),
    Layer.provide(layerWebCrypto),
  )

const sent = Effect.map(Metric.snapshot, (metrics) => {
  const of = (kind: string) => {
    const found = metrics.find(
      ({ attributes, id }) => id === "crossfade_db_statements_total" && attributes?.["kind"] === kind,
    )
    return found?.type === "Counter" ? Number(found.state.count) : 0
  }
  return { statements: of("statement"), transaction: of("transaction") }
})

/**
 * The statements of a turn, from the request to its end. The test's clock stands still, so no background job sends
 * any.
 */
const costOf = <E, R>(turn: Effect.Effect<Accepted, E, R>) =>
  Effect.gen(function* () {
    const before = yield* sent
    const accepted = yield* turn
    yield* accepted.log.whenEnded
    // Callers that wait for the end get it within it, and SQLite makes no fiber wait: the session is free a moment
    // later.
    yield* Effect.yieldNow
    const after = yield* sent
    assert.strictEqual(accepted.log.read(accepted.log.lastSeq - 1)[0]?.event.event, "done")
    const cost = {
      statements: after.statements - before.statements,
      transaction: after.transaction - before.transaction,
    }
    return { cost, ...accepted }
  })

const suite = <E>(name: string, database: Layer.Layer<Batch | SqlClient.SqlClient, E>) =>
  it.effect(`a turn costs a fixed number of statements on ${name}, for any number of events`, () =>
    Effect.gen(function* () {
      const chat = yield* Chat
      const start = (words: number) =>
        costOf(chat.start(caller, { agentId: defaultAgentId, message: String(words) }))
      // The first one reads the agent, and the service's startup queries are complete before the second.
      yield* start(1)
      yield* TestClock.adjust("1 millis")
      for (const words of [1, 50, 3000]) {
        const { cost } = yield* start(words)
        assert.deepStrictEqual(cost, { statements: 7, transaction: 4 })
      }
      const { run } = yield* start(1)
      for (const words of [1, 50, 3000]) {
        const { cost } = yield* costOf(
          chat.send(caller, run.sessionId, {
            message: String(words),
            parentMessageId: run.userMessageId,
          }),
        )
        assert.deepStrictEqual(cost, { statements: 9, transaction: 4 })
      }
      const { cost: another } = yield* costOf(chat.regenerate(caller, run.userMessageId, {}))
      assert.deepStrictEqual(another, { statements: 9, transaction: 4 })
      const { cost: edited } = yield* costOf(chat.edit(caller, run.userMessageId, { message: "50" }))
      assert.deepStrictEqual(edited, { statements: 9, transaction: 4 })
    }).pipe(Effect.provide(service(database))),
  )

describe("statements", () => {
  suite(
    "SQLite",
    Layer.unwrap(
      Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir })),
    ),
  )
})

const postgresUrl = inject("postgresUrl")
describe.skipIf(postgresUrl === undefined)("statements to a server", () => {
  suite(
    "PostgreSQL",
    Layer.unwrap(
      Effect.map(freshDatabase(postgresUrl ?? ""), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused" }),
      ),
    ),
  )
})
