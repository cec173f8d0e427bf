import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Chat } from "../../src/chat/Chat.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { turnKey } from "../../src/domain/TurnKey.ts"
import { Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import * as Stages from "../../src/app/Stages.ts"
import { arrival, finished, principal, says, text } from "../support/fixtures.ts"
import { freePermit } from "./freePermit.ts"
import { temporaryStore } from "./temporaryStore.ts"

const runtime = Layer.succeed(
  Executor,
  Executor.of({
    mode: "runtime_orchestrator",
    target: "runtime",
    execute: () => Stream.fromIterable([says(text("Hello")), finished]),
  }),
)

const service = Layer.unwrap(
  Effect.map(Config.read({ CHAT_EXECUTION_MODE: "runtime_orchestrator" }), Stages.layer),
).pipe(Layer.provide(Modes.layer([runtime])), Layer.provideMerge(temporaryStore))

/** A real database that refuses: at this statement, or at the COMMIT after it (a reference that is checked only then). */
const refusing = (when: string, at: "statement" | "commit") =>
  at === "statement"
    ? [`CREATE TRIGGER refuse BEFORE ${when} BEGIN SELECT RAISE(ABORT, 'disk full'); END`]
    : [
        "CREATE TABLE nowhere (id TEXT PRIMARY KEY)",
        "CREATE TABLE refused (id TEXT REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED)",
        `CREATE TRIGGER refuse AFTER ${when} BEGIN INSERT INTO refused VALUES ('x'); END`,
      ]

const user = "INSERT ON messages WHEN NEW.role = 'user'"
const assistant = "INSERT ON messages WHEN NEW.role = 'assistant'"

const turn = Effect.gen(function* () {
  const chat = yield* Chat
  const key = turnKey(principal, "start", "key", ["Hi"])
  const caller = {
    principal,
    requestId: "r",
    headers: {},
    language: undefined,
    arrival,
    key,
    permit: freePermit,
  }
  const { log, run } = yield* chat.start(caller, { agentId: defaultAgentId, message: "Hi" })
  for (let second = 0; second < 120 && !log.ended; second++) yield* TestClock.adjust("1 second")
  return { run, events: log.read(0).map(({ event }) => event.event) }
})

const rolesKept = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // The message of a turn that failed is no answer.
  const rows = yield* sql<{ readonly role: string }>`SELECT role FROM messages
    WHERE role = 'user' OR id IN (SELECT assistant_message_id FROM runs) ORDER BY role`
  return rows.map(({ role }) => role)
})

const refuse = (when: string, at: "statement" | "commit") =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Effect.forEach(refusing(when, at), (statement) => sql.unsafe(statement), { discard: true })
  })

describe("D5: a database that refuses", () => {
  it.effect.each([
    ["the session", "INSERT ON sessions", "statement"],
    ["the run", "INSERT ON runs", "statement"],
    ["the user's message", user, "statement"],
    ["the key", "INSERT ON idempotency_keys", "statement"],
    ["the commit of the beginning", user, "commit"],
  ] as const)("%s takes nothing and acknowledges nothing", ([, when, at]) =>
    Effect.gen(function* () {
      yield* refuse(when, at)
      assert.deepInclude(yield* Effect.flip(turn), { _tag: "StoreError", operation: "Runs.begin" })
      assert.deepStrictEqual(yield* rolesKept, [])
      yield* (yield* SqlClient.SqlClient)`DROP TRIGGER refuse`
      assert.strictEqual((yield* turn).events.at(-1), "done")
    }).pipe(Effect.provide(service)),
  )

  it.effect.each([
    ["an event", "INSERT ON run_events", "statement"],
    ["the attempt", "INSERT ON attempts", "statement"],
    ["the run's end", "UPDATE OF status ON runs", "statement"],
    ["the assistant's message", assistant, "statement"],
    ["the commit of the end", assistant, "commit"],
  ] as const)("%s never lets done be said, and keeps the user's message", ([, when, at]) =>
    Effect.gen(function* () {
      yield* refuse(when, at)
      assert.deepStrictEqual((yield* turn).events, ["message", "error"])
      assert.deepStrictEqual(yield* rolesKept, ["user"])
    }).pipe(Effect.provide(service)),
  )

  it.effect("nothing says done, and both messages are there", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* turn).events, ["message", "done"])
      assert.deepStrictEqual(yield* rolesKept, ["assistant", "user"])
    }).pipe(Effect.provide(service)),
  )
})
