/** The contract of every adapter of `Deletions` and `Purge`. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { untitled } from "../../src/domain/SessionTitle.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { Deletions } from "../../src/store/Deletions.ts"
import type { Purge } from "../../src/store/Purge.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import type { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import type { Stores } from "./StoreContract.ts"
import { answeredTurn, now, purgeAll } from "./deleting.ts"
import { completed, listedSessions, newPrincipal, newTurn, type Turn } from "./Turns.ts"

const contents = Effect.fnUntraced(function* ({ session }: Turn) {
  const { entries } = yield* (yield* Sessions).messages(session.id, { limit: 100 })
  return entries.map(({ content }) => content)
})

const countOf = Effect.fnUntraced(function* (table: string, column: string, id: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT 1 AS one FROM ${sql(table)} WHERE ${sql(column)} = ${id}`
  return rows.length
})

const usageOf = Effect.fnUntraced(function* (owner: Principal) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ sessions: number; bytes: number }>`SELECT sessions, bytes FROM org_usage
    WHERE org_id = ${owner.orgId}`
  return row
})

/** The services, and one answered turn of a new user. */
const oneTurn = Effect.gen(function* () {
  const owner = newPrincipal()
  const turn = yield* answeredTurn(owner, "one")
  return { ...(yield* Deletions), runs: yield* Runs, sessions: yield* Sessions, owner, turn }
})

/** Answers the question of a turn again, and returns the id of the new answer. */
const answeredAgain = Effect.fnUntraced(function* (owner: Principal, turn: Turn, answer: string) {
  const runs = yield* Runs
  const fresh = newTurn(owner, { session: turn.session })
  const userMessage = { ...turn.userMessage, runId: fresh.run.id }
  const again = { ...fresh, run: { ...fresh.run, userMessageId: userMessage.id }, userMessage }
  yield* runs.begin({ ...again, retries: turn.run.id })
  const { ended, message } = completed(again, answer)
  yield* runs.end(ended, message)
  return message.id
})

type Needed = Deletions | Purge | ShadowPairs | Stores

export const deletion = (name: string, layer: Layer.Layer<Needed, unknown>) =>
  withLayer(layer)(`Deletions on ${name}`, (it) => {
    it.effect("a deleted session disappears from every read at once, and only for its owner", () =>
      Effect.gen(function* () {
        const { deleteSession, owner, runs, sessions, turn } = yield* oneTurn
        const other = yield* answeredTurn(owner, "other")
        const { id } = turn.session
        for (const stranger of [newPrincipal(owner.orgId), { ...owner, orgId: newPrincipal().orgId }])
          assert.strictEqual((yield* Effect.flip(deleteSession(stranger, id, now)))._tag, "SessionNotFound")
        assert.deepStrictEqual(yield* deleteSession(owner, id, now), { deleted: true, running: [] })
        assert.strictEqual((yield* Effect.flip(sessions.get(owner, id)))._tag, "SessionNotFound")
        assert.isUndefined(yield* sessions.ofClient(owner, id))
        assert.deepStrictEqual(yield* listedSessions(owner), [other.session.id])
        assert.isEmpty((yield* sessions.messages(id, { limit: 10 })).entries)
        assert.isEmpty(yield* sessions.branch(id))
        assert.isEmpty(yield* sessions.branch(id, turn.answer))
        assert.isEmpty(yield* sessions.tree(id))
        assert.strictEqual((yield* Effect.flip(runs.get(owner, turn.run.id)))._tag, "RunNotFound")
        assert.deepStrictEqual(yield* runs.deleted([turn.run.id, other.run.id]), [turn.run.id])
        assert.isEmpty(yield* runs.ended([turn.run.id]))
        assert.deepStrictEqual(yield* contents(other), ["other", "answer to other"])
      }),
    )

    it.effect("a purge removes every row of a deleted session and corrects the usage", () =>
      Effect.gen(function* () {
        const { deleteSession } = yield* Deletions
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const first = yield* answeredTurn(owner, 'one "two"\n')
        const second = yield* answeredTurn(owner, "three", first, first.answer)
        const usage = { org_id: owner.orgId, sessions: 5, bytes: 1000 }
        yield* sql`INSERT INTO org_usage ${sql.insert(usage)}`
        yield* sql`INSERT INTO idempotency_keys ${sql.insert({ key: first.run.id, request: "r", run_id: first.run.id, created_at: now })}`
        yield* deleteSession(owner, first.session.id, now)
        yield* purgeAll(now - 1)
        assert.strictEqual(yield* countOf("sessions", "id", first.session.id), 1)
        yield* purgeAll(now)
        assert.strictEqual(yield* countOf("sessions", "id", first.session.id), 0)
        assert.strictEqual(yield* countOf("messages", "session_id", first.session.id), 0)
        for (const { run } of [first, second])
          for (const [table, column] of [
            ["runs", "id"],
            ["attempts", "run_id"],
            ["run_events", "run_id"],
            ["idempotency_keys", "run_id"],
          ] as const)
            assert.strictEqual(yield* countOf(table, column, run.id), 0, table)
        const text = 'one "two"\nanswer to one "two"\nthreeanswer to three'
        assert.deepStrictEqual(yield* usageOf(owner), { sessions: 4, bytes: 1000 - text.length })
      }),
    )

    it.effect("a deletion is repeatable, also after the purge", () =>
      Effect.gen(function* () {
        const { deleteMessage, deleteSession, owner, turn } = yield* oneTurn
        const again = { deleted: false, running: [] }
        yield* deleteMessage(owner, turn.answer, now)
        assert.deepStrictEqual(yield* deleteMessage(owner, turn.answer, now), again)
        yield* deleteSession(owner, turn.session.id, now)
        assert.deepStrictEqual(yield* deleteSession(owner, turn.session.id, now), again)
        yield* purgeAll(now)
        assert.deepStrictEqual(yield* deleteSession(owner, turn.session.id, now), again)
        assert.deepStrictEqual(yield* deleteMessage(owner, turn.answer, now), again)
        const missing = newTurn(owner)
        for (const id of [turn.session.id, missing.session.id])
          assert.strictEqual(
            (yield* Effect.flip(deleteSession(newPrincipal(), id, now)))._tag,
            "SessionNotFound",
          )
        const { id } = missing.userMessage
        assert.strictEqual((yield* Effect.flip(deleteMessage(owner, id, now)))._tag, "MessageNotFound")
      }),
    )

    it.effect("a deleted message takes the messages below it along, and no others", () =>
      Effect.gen(function* () {
        const { deleteMessage } = yield* Deletions
        const runs = yield* Runs
        const owner = newPrincipal()
        const first = yield* answeredTurn(owner, "one")
        const second = yield* answeredTurn(owner, "two", first, first.answer)
        const third = yield* answeredTurn(owner, "three", first, second.answer)
        const branch = yield* answeredTurn(owner, "edit", first, first.answer)
        yield* deleteMessage(owner, second.userMessage.id, now)
        const left = ["one", "answer to one", "edit", "answer to edit"]
        assert.deepStrictEqual(yield* contents(first), left)
        for (const { run } of [second, third])
          assert.strictEqual((yield* Effect.flip(runs.get(owner, run.id)))._tag, "RunNotFound")
        yield* purgeAll(now)
        assert.deepStrictEqual(yield* contents(first), left)
        assert.strictEqual(yield* countOf("runs", "session_id", first.session.id), 2)
        assert.strictEqual((yield* runs.get(owner, branch.run.id)).run.status, "completed")
      }),
    )

    it.effect("a deleted answer leaves its question, which has no answer then and can be retried", () =>
      Effect.gen(function* () {
        const { deleteMessage, deleteSession, owner, runs, sessions, turn } = yield* oneTurn
        yield* deleteMessage(owner, turn.answer, now)
        for (const purged of [false, true]) {
          if (purged) yield* purgeAll(now)
          const [question, ...rest] = yield* sessions.branch(turn.session.id)
          assert.isEmpty(rest)
          assert.deepInclude(question, { content: "one", answered: false })
          assert.strictEqual((yield* Effect.flip(runs.get(owner, turn.run.id)))._tag, "RunNotFound")
        }
        assert.strictEqual(yield* countOf("run_events", "run_id", turn.run.id), 0)
        yield* answeredAgain(owner, turn, "again")
        assert.deepStrictEqual(yield* contents(turn), ["one", "again"])
        // The row of the purged run goes with its session.
        yield* deleteSession(owner, turn.session.id, now)
        yield* purgeAll(now)
        assert.strictEqual(yield* countOf("runs", "session_id", turn.session.id), 0)
        assert.strictEqual(yield* countOf("sessions", "id", turn.session.id), 0)
      }),
    )

    it.effect("a question with two answers stays answered when one of them is deleted", () =>
      Effect.gen(function* () {
        const { deleteMessage, owner, sessions, turn } = yield* oneTurn
        yield* deleteMessage(owner, yield* answeredAgain(owner, turn, "second"), now)
        yield* purgeAll(now)
        const branch = yield* sessions.branch(turn.session.id)
        assert.deepStrictEqual(
          branch.map(({ answered, content }) => [content, answered]),
          [
            ["one", true],
            ["answer to one", true],
          ],
        )
      }),
    )

    it.effect("the title follows the first message that is left, unless the user wrote it", () =>
      Effect.gen(function* () {
        const { deleteMessage, restoreMessage } = yield* Deletions
        const sessions = yield* Sessions
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const first = yield* answeredTurn(owner, "secret")
        const root = yield* answeredTurn(owner, "second root", first)
        const title = Effect.map(sessions.get(owner, first.session.id), (session) => session.title)
        yield* deleteMessage(owner, first.userMessage.id, now)
        assert.strictEqual(yield* title, "second root")
        yield* deleteMessage(owner, root.userMessage.id, now)
        assert.strictEqual(yield* title, untitled)
        yield* restoreMessage(owner, first.userMessage.id, now - 1)
        assert.strictEqual(yield* title, "secret")
        const file = { fileId: "f", filename: "a.pdf", mediaType: "application/pdf", kind: "pdf", bytes: 1 }
        const ofFiles = {
          content: JSON.stringify(""),
          attachments: JSON.stringify([{ ...file, fileId: root.userMessage.id }]),
        }
        yield* restoreMessage(owner, root.userMessage.id, now - 1)
        yield* sql`UPDATE messages SET ${sql.update(ofFiles)} WHERE id = ${root.userMessage.id}`
        yield* deleteMessage(owner, first.userMessage.id, now)
        assert.strictEqual(yield* title, "a.pdf")
        yield* restoreMessage(owner, first.userMessage.id, now - 1)
        const own = { title: JSON.stringify("mine"), title_source: "user" }
        yield* sql`UPDATE sessions SET ${sql.update(own)} WHERE id = ${first.session.id}`
        yield* deleteMessage(owner, first.userMessage.id, now)
        assert.strictEqual(yield* title, "mine")
      }),
    )
  })
