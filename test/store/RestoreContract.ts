/** The contract of every adapter of `Deletions` for restores. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { clientKey } from "../../src/domain/ClientKey.ts"
import { Deletions } from "../../src/store/Deletions.ts"
import type { Purge } from "../../src/store/Purge.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Search } from "../../src/store/Search.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { answeredTurn, now, purgeAll, rowsOf } from "./deleting.ts"
import type { Stores } from "./StoreContract.ts"
import { completed, newPrincipal, newTurn } from "./Turns.ts"

type Needed = Deletions | Purge | Search | Stores

export const restores = (name: string, layer: Layer.Layer<Needed, unknown>) =>
  withLayer(layer)(`Restores on ${name}`, (it) => {
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
