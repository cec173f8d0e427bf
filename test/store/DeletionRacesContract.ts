/** The contract of every adapter of `Deletions`, beside turns that begin or end at the same time, and of restores. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { MessageId } from "../../src/domain/Ids.ts"
import { clientKey } from "../../src/domain/ClientKey.ts"
import { Deletions } from "../../src/store/Deletions.ts"
import type { Purge } from "../../src/store/Purge.ts"
import { Replicas } from "../../src/store/Replicas.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Search } from "../../src/store/Search.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { pair } from "../shadow/traces.ts"
import { answeredTurn, now, purgeAll } from "./DeletionContract.ts"
import type { Stores } from "./StoreContract.ts"
import { allEvents, attempt, begun, completed, newPrincipal, newTurn, textEntries } from "./Turns.ts"

type Needed = Deletions | Purge | Search | ShadowPairs | Stores

const rowsOf = Effect.fnUntraced(function* (table: string, column: string, id: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ deleted_at: number | null }>`SELECT * FROM ${sql(table)} WHERE ${sql(column)} = ${id}`
})

export const deletionRaces = (name: string, layer: Layer.Layer<Needed, unknown>) =>
  withLayer(layer)(`Deletions beside turns on ${name}`, (it) => {
    it.effect("a turn cannot begin in a deleted session, or after a deleted message", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* answeredTurn(owner, "one")
        const next = newTurn(owner, { session: turn.session })
        const below = { ...next, userMessage: { ...next.userMessage, parentMessageId: turn.answer } }
        const { run } = turn
        const retry = {
          ...next,
          userMessage: { ...turn.userMessage, runId: next.run.id },
          run: { ...next.run, userMessageId: turn.userMessage.id },
          retries: run.id,
        }
        yield* deletions.deleteMessage(owner, turn.userMessage.id, now)
        assert.strictEqual((yield* Effect.flip(runs.begin(below)))._tag, "SessionBusy")
        assert.strictEqual((yield* Effect.flip(runs.begin(retry)))._tag, "SessionBusy")
        yield* deletions.deleteSession(owner, turn.session.id, now)
        assert.strictEqual((yield* Effect.flip(runs.begin(next)))._tag, "SessionBusy")
        assert.lengthOf(yield* rowsOf("runs", "id", next.run.id), 0)
      }),
    )

    it.effect("a deletion and turns that begin at the same time leave nothing visible", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        for (let round = 0; round < 20; round++) {
          const turn = yield* answeredTurn(owner, "one")
          const next = newTurn(owner, { session: turn.session })
          const below = { ...next, userMessage: { ...next.userMessage, parentMessageId: turn.answer } }
          const byMessage = round % 2 === 0
          const deletion = byMessage
            ? deletions.deleteMessage(owner, turn.answer, now)
            : deletions.deleteSession(owner, turn.session.id, now)
          yield* Effect.all([Effect.exit(runs.begin(below)), deletion], { concurrency: "unbounded" })
          const visible = (yield* rowsOf("messages", "session_id", turn.session.id)).filter(
            ({ deleted_at }) => deleted_at === null,
          )
          assert.lengthOf(visible, byMessage ? 1 : 0)
          assert.strictEqual((yield* Effect.flip(runs.get(owner, next.run.id)))._tag, "RunNotFound")
        }
      }),
    )

    it.effect("a run that ends after its deletion stays deleted, and is purged only after its end", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner, { at: now }))
        const { id } = turn.run
        const found = yield* deletions.deleteSession(owner, turn.session.id, now)
        assert.deepStrictEqual(found, { deleted: true, running: [id] })
        assert.include(yield* deletions.running, id)
        yield* purgeAll(now)
        assert.lengthOf(yield* rowsOf("runs", "id", id), 1)
        assert.lengthOf(yield* rowsOf("messages", "id", turn.userMessage.id), 1)
        // The process of the run does not know of the deletion yet.
        yield* runs.append([{ id, entries: textEntries(1, 2) }])
        const { ended, message } = completed(turn, "late")
        yield* runs.end(ended, message, { attempts: [attempt(1, false)], entries: textEntries(3, 4) })
        const [answer] = yield* rowsOf("messages", "id", message.id)
        assert.strictEqual(answer?.deleted_at, now)
        assert.notInclude(yield* deletions.running, id)
        yield* purgeAll(now)
        for (const [table, column, of] of [
          ["messages", "session_id", turn.session.id],
          ["runs", "id", id],
          ["run_events", "run_id", id],
          ["attempts", "run_id", id],
          ["sessions", "id", turn.session.id],
        ] as const)
          assert.lengthOf(yield* rowsOf(table, column, of), 0, table)
        // Repeated after the purge, as by a process that the others considered dead.
        assert.strictEqual((yield* Effect.flip(runs.end(ended, message)))._tag, "RunLost")
        assert.lengthOf(yield* rowsOf("messages", "id", message.id), 0)
      }),
    )

    it.effect("a deletion and the end of its run at the same time leave nothing visible", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        for (let round = 0; round < 20; round++) {
          const turn = yield* begun(newTurn(owner, { at: now }))
          const { ended, message } = completed(turn, "late")
          const deletion =
            round % 2 === 0
              ? deletions.deleteMessage(owner, turn.userMessage.id, now)
              : deletions.deleteSession(owner, turn.session.id, now)
          yield* Effect.all([runs.end(ended, message), deletion], { concurrency: "unbounded" })
          const messages = yield* rowsOf("messages", "session_id", turn.session.id)
          assert.deepStrictEqual(
            messages.map(({ deleted_at }) => deleted_at),
            [now, now],
          )
        }
      }),
    )

    it.effect("the run of a dead replica is purged after it was interrupted", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const replicas = yield* Replicas
        const owner = newPrincipal()
        const turn = yield* begun(newTurn(owner, { at: now }))
        yield* deletions.deleteSession(owner, turn.session.id, now)
        const seen = { id: MessageId.make(uuidV7Unsafe()), content: "seen", parts: [] }
        yield* replicas.interrupt(turn.run.id, seen, now)
        assert.isEmpty((yield* (yield* Sessions).messages(turn.session.id, { limit: 9 })).entries)
        yield* purgeAll(now)
        assert.lengthOf(yield* rowsOf("runs", "id", turn.run.id), 0)
      }),
    )

    it.effect("a pair of shadow runs is not stored after the deletion of its run", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const pairs = yield* ShadowPairs
        const owner = newPrincipal()
        const { orgId } = owner
        const turn = yield* answeredTurn(owner, "one")
        const compared = { ...pair(0, { orgId }), runId: turn.run.id }
        yield* pairs.add(compared)
        yield* deletions.deleteSession(owner, turn.session.id, now)
        assert.isEmpty((yield* pairs.page({ orgId }, { limit: 9 })).entries)
        yield* pairs.add(compared)
        assert.isEmpty((yield* pairs.page({ orgId }, { limit: 9 })).entries)
      }),
    )

    it.effect("a restored session is as it was, except for messages that were deleted before", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const sessions = yield* Sessions
        const owner = newPrincipal()
        const first = yield* answeredTurn(owner, "one")
        const second = yield* answeredTurn(owner, "two", first, first.answer)
        const { id } = first.session
        yield* deletions.deleteMessage(owner, second.userMessage.id, now - 2)
        const before = yield* sessions.get(owner, id)
        yield* deletions.deleteSession(owner, id, now - 1)
        const expired = Effect.flip(deletions.restoreSession(owner, id, now - 1))
        assert.strictEqual((yield* expired)._tag, "SessionNotFound")
        const stranger = Effect.flip(deletions.restoreSession(newPrincipal(owner.orgId), id, 0))
        assert.strictEqual((yield* stranger)._tag, "SessionNotFound")
        yield* deletions.restoreSession(owner, id, now - 2)
        yield* deletions.restoreSession(owner, id, now - 2)
        assert.deepStrictEqual(yield* sessions.get(owner, id), before)
        const { entries } = yield* sessions.messages(id, { limit: 9 })
        assert.deepStrictEqual(
          entries.map(({ content }) => content),
          ["one", "answer to one"],
        )
        assert.strictEqual((yield* runs.get(owner, first.run.id)).run.status, "completed")
        assert.strictEqual((yield* Effect.flip(runs.get(owner, second.run.id)))._tag, "RunNotFound")
        yield* deletions.restoreMessage(owner, second.userMessage.id, now - 3)
        assert.lengthOf((yield* sessions.messages(id, { limit: 9 })).entries, 4)
        assert.strictEqual((yield* runs.get(owner, second.run.id)).run.status, "completed")
        yield* purgeAll(now)
        assert.lengthOf((yield* sessions.messages(id, { limit: 9 })).entries, 4)
      }),
    )

    it.effect("events of a purged run are left out, and those of other runs are stored", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        const gone = yield* answeredTurn(owner, "gone")
        const other = yield* begun(newTurn(owner))
        yield* deletions.deleteSession(owner, gone.session.id, now)
        yield* purgeAll(now)
        const late = { id: gone.run.id, entries: textEntries(4, 6) }
        const stored = { id: other.run.id, entries: textEntries(1, 2) }
        yield* runs.append([late, stored])
        yield* runs.append([late])
        assert.deepStrictEqual(yield* allEvents(other.run.id, 0), stored.entries)
        assert.isEmpty(yield* rowsOf("run_events", "run_id", gone.run.id))
      }),
    )

    it.effect("events that arrive after the purge of an answer are removed by the end of their run", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        const turn = yield* answeredTurn(owner, "one")
        yield* deletions.deleteMessage(owner, turn.answer, now)
        yield* purgeAll(now)
        yield* runs.append([{ id: turn.run.id, entries: textEntries(4, 6) }])
        const again = completed(turn, "answer to one")
        const rest = { attempts: [], entries: textEntries(7, 8) }
        // The first is a repeat of the run's own end.
        for (const endedAt of [again.ended.endedAt, now + 9999]) {
          const lost = yield* Effect.flip(runs.end({ ...again.ended, endedAt }, again.message, rest))
          assert.strictEqual(lost._tag, "RunLost")
        }
        yield* purgeAll(now)
        assert.isEmpty(yield* rowsOf("run_events", "run_id", turn.run.id))
        assert.lengthOf(yield* rowsOf("messages", "session_id", turn.session.id), 1)
      }),
    )

    it.effect("a restore brings files and feedback back, and the words are indexed again", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { answer, run, session, userMessage } = yield* answeredTurn(owner, "one")
        const ids = { org_id: owner.orgId, user_id: owner.userId, session_id: session.id }
        const file = {
          ...ids,
          id: uuidV7Unsafe(),
          message_id: userMessage.id,
          filename: '"f"',
          media_type: "text/csv",
        }
        yield* sql`INSERT INTO files ${sql.insert({ ...file, kind: "text", bytes: 1, sha256: "s", created_at: now })}`
        const rated = {
          ...ids,
          message_id: answer,
          run_id: run.id,
          rating: 1,
          created_at: now,
          updated_at: now,
        }
        yield* sql`INSERT INTO feedback ${sql.insert(rated)}`
        const isThere = Effect.gen(function* () {
          const [found] = yield* rowsOf("files", "id", file.id)
          return found?.deleted_at === null
        })
        const index = Effect.gen(function* () {
          yield* sql`UPDATE messages SET indexed = 0 WHERE id = ${userMessage.id}`
          while ((yield* (yield* Search).indexNext) > 0);
        })
        yield* index
        assert.lengthOf(yield* rowsOf("search_docs", "message_id", userMessage.id), 1)
        yield* deletions.deleteMessage(owner, userMessage.id, now)
        assert.isFalse(yield* isThere)
        assert.isEmpty(yield* rowsOf("search_docs", "message_id", userMessage.id))
        yield* deletions.restoreMessage(owner, userMessage.id, now - 1)
        assert.isTrue(yield* isThere)
        while ((yield* (yield* Search).indexNext) > 0);
        assert.lengthOf(yield* rowsOf("search_docs", "message_id", userMessage.id), 1)
        yield* deletions.deleteSession(owner, session.id, now)
        assert.isFalse(yield* isThere)
        yield* deletions.restoreSession(owner, session.id, now - 1)
        assert.isTrue(yield* isThere)
        assert.lengthOf(yield* rowsOf("feedback", "message_id", answer), 1)
      }),
    )

    it.effect("a message of a deleted session cannot be restored without it", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const owner = newPrincipal()
        const turn = yield* answeredTurn(owner, "one")
        yield* deletions.deleteMessage(owner, turn.answer, now - 2)
        yield* deletions.deleteSession(owner, turn.session.id, now - 1)
        const refused = yield* Effect.flip(deletions.restoreMessage(owner, turn.answer, 0))
        assert.strictEqual(refused._tag, "MessageNotFound")
      }),
    )

    it.effect("a message below a deleted one is restored only after that one", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const sessions = yield* Sessions
        const owner = newPrincipal()
        const first = yield* answeredTurn(owner, "one")
        const second = yield* answeredTurn(owner, "two", first, first.answer)
        yield* deletions.deleteMessage(owner, second.answer, now - 3)
        yield* deletions.deleteMessage(owner, first.answer, now - 2)
        const deletedLater = { _tag: "BelowDeleted" as const, ancestorId: first.answer }
        for (const id of [second.answer, second.userMessage.id]) {
          const refused = yield* Effect.flip(deletions.restoreMessage(owner, id, now - 4))
          assert.deepInclude(refused, deletedLater)
        }
        const entries = Effect.map(sessions.messages(first.session.id, { limit: 9 }), (page) =>
          page.entries.map(({ content }) => content),
        )
        assert.deepStrictEqual(yield* entries, ["one"])
        yield* deletions.restoreMessage(owner, first.answer, now - 4)
        yield* deletions.restoreMessage(owner, second.answer, now - 4)
        assert.deepStrictEqual(yield* entries, ["one", "answer to one", "two", "answer to two"])
      }),
    )

    it.effect("a branch and a session of more messages than one step are deleted and restored whole", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { answer, run, session, userMessage } = yield* answeredTurn(owner, "one")
        yield* sql`WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
          INSERT INTO messages (id, session_id, run_id, role, content, parent_message_id, created_at, seq)
          SELECT ${session.id.slice(0, -10)} || CAST(1000000000 + i AS TEXT), ${session.id}, ${run.id}, 'assistant', '"more"', CAST(${answer} AS TEXT), 1, i FROM n`
        const shown = Effect.map(
          rowsOf("messages", "session_id", session.id),
          (rows) => rows.filter(({ deleted_at }) => deleted_at === null).length,
        )
        yield* deletions.deleteMessage(owner, userMessage.id, now - 1)
        assert.strictEqual(yield* shown, 0)
        yield* deletions.restoreMessage(owner, userMessage.id, now - 2)
        assert.strictEqual(yield* shown, 6000)
        yield* deletions.deleteSession(owner, session.id, now)
        assert.strictEqual(yield* shown, 0)
        yield* deletions.restoreSession(owner, session.id, now - 1)
        assert.strictEqual(yield* shown, 6000)
      }),
    )

    it.effect("a deleted session frees its client's id, also when it is restored later", () =>
      Effect.gen(function* () {
        const deletions = yield* Deletions
        const runs = yield* Runs
        const sessions = yield* Sessions
        const owner = newPrincipal()
        const key = clientKey(owner, "thread")
        const start = Effect.fnUntraced(function* () {
          const turn = newTurn(owner, { at: now })
          yield* runs.begin({ ...turn, clientKey: key })
          yield* runs.end(completed(turn, "Hi").ended, undefined)
          return turn.session.id
        })
        const idOf = Effect.map(sessions.ofClient(owner, "thread"), (session) => session?.id)
        const first = yield* start()
        yield* deletions.deleteSession(owner, first, now)
        assert.isUndefined(yield* idOf)
        yield* deletions.restoreSession(owner, first, now - 1)
        assert.strictEqual(yield* idOf, first)
        yield* deletions.deleteSession(owner, first, now)
        const second = yield* start()
        assert.strictEqual(yield* idOf, second)
        yield* deletions.restoreSession(owner, first, now - 1)
        assert.strictEqual(yield* idOf, second)
        assert.strictEqual((yield* sessions.get(owner, first)).id, first)
      }),
    )
  })
