/** The contract of every adapter of `Erasures`, and of the retention of messages. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { Erased } from "../../src/domain/Erasure.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { RetainedOrgs } from "../../src/domain/MessageRetention.ts"
import { Agents } from "../../src/store/Agents.ts"
import { Deletions } from "../../src/store/Deletions.ts"
import { Erasures } from "../../src/store/Erasures.ts"
import { Purge } from "../../src/store/Purge.ts"
import { Retention, type SessionPosition } from "../../src/store/Retention.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import type { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { answeredTurn, now, purgeAll } from "./deleting.ts"
import { found, plantEverywhere } from "./canaries.ts"
import type { Stores } from "./StoreContract.ts"
import { begun, newPrincipal, newTurn, settings, type Turn } from "./Turns.ts"

const hour = 3_600_000

const eraseAll = Effect.fnUntraced(function* (erased: Erased) {
  const deletions = yield* Deletions
  const erasures = yield* Erasures
  const purge = yield* Purge
  const by = { orgId: null, userId: "test", requestId: null }
  const erasure = yield* erasures.request(erased, { at: now, by })
  assert.strictEqual((yield* erasures.request(erased, { at: now, by })).id, erasure.id)
  assert.isFalse(yield* erasures.complete(erasure, now))
  while ((yield* deletions.deleteSome(erased)) !== undefined);
  yield* purgeAll(now)
  yield* erasures.eraseRest(erased, now)
  // The second time: the keys have been revoked for long enough.
  yield* erasures.eraseRest(erased, now + 10_000)
  yield* purge.removeFiles(yield* purge.files(now))
  assert.isTrue(yield* erasures.complete(erasure, now))
  assert.isFalse(yield* erasures.complete(erasure, now))
  assert.strictEqual((yield* erasures.get(erased.orgId, erasure.id)).status, "completed")
})

type Needed = Deletions | Erasures | Purge | Retention | ShadowPairs | Stores

export const erasure = (name: string, layer: Layer.Layer<Needed, unknown>) =>
  withLayer(layer)(`Erasures on ${name}`, (it) => {
    it.effect("the erasure of an organisation leaves no row and no text of it in any table", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const tables = yield* plantEverywhere(owner)
        const planted = yield* found(tables, owner)
        for (const column of ["messages.content", "messages.parts", "feedback.comment", "files.filename"])
          assert.include(planted, column)
        yield* eraseAll({ orgId: owner.orgId, userId: null })
        assert.deepStrictEqual(yield* found(tables, owner), [])
      }),
    )

    it.effect("the erasure of a user leaves other users of the organisation as they are", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const agents = yield* Agents
        const owner = newPrincipal()
        const colleague = newPrincipal(owner.orgId)
        const gone = yield* answeredTurn(owner, "one")
        const stays = yield* answeredTurn(colleague, "two")
        const agent = yield* agents.create(owner.orgId, settings("a"), 10)
        yield* eraseAll({ orgId: owner.orgId, userId: owner.userId })
        assert.strictEqual((yield* Effect.flip(sessions.get(owner, gone.session.id)))._tag, "SessionNotFound")
        assert.lengthOf((yield* sessions.messages(stays.session.id, { limit: 9 })).entries, 2)
        assert.strictEqual((yield* agents.get(owner.orgId, agent.id)).id, agent.id)
      }),
    )

    it.effect("a step takes few messages, or one session with many", () =>
      Effect.gen(function* () {
        const { deleteSome } = yield* Deletions
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        for (let session = 0; session < 3; session++) {
          const turn = yield* answeredTurn(owner, "one")
          const [row] = yield* sql`SELECT * FROM messages WHERE id = ${turn.userMessage.id}`
          const copies = Array.from({ length: session === 1 ? 998 : 0 }, (_, n) => ({
            ...row,
            id: uuidV7Unsafe(),
            seq: n + 10,
          }))
          for (const some of Arr.chunksOf(copies, 200))
            yield* sql`INSERT INTO messages ${sql.insert(some)}`.unprepared
        }
        const steps: Array<number> = []
        for (;;) {
          const some = yield* deleteSome(owner)
          if (some === undefined) break
          steps.push(some.messages)
        }
        assert.deepStrictEqual(
          steps.toSorted((a, b) => a - b),
          [2, 2, 1000],
        )
      }),
    )

    it.effect("an erasure does not wait for the grace time of an earlier deletion", () =>
      Effect.gen(function* () {
        const { deleteMessage, deleteSession } = yield* Deletions
        const owner = newPrincipal()
        const session = yield* answeredTurn(owner, "one")
        const message = yield* answeredTurn(owner, "two")
        yield* deleteMessage(owner, message.answer, now + hour)
        yield* deleteSession(owner, session.session.id, now + hour)
        yield* eraseAll({ orgId: owner.orgId, userId: owner.userId })
      }),
    )

    it.effect("an erasure is found by its own organisation and by operators only", () =>
      Effect.gen(function* () {
        const erasures = yield* Erasures
        const { orgId, userId } = newPrincipal()
        const by = { orgId, userId: "admin", requestId: null }
        const { id } = yield* erasures.request({ orgId, userId }, { at: now, by })
        const other: OrgId = newPrincipal().orgId
        assert.strictEqual((yield* Effect.flip(erasures.get(other, id)))._tag, "ErasureNotFound")
        assert.strictEqual((yield* erasures.get(undefined, id)).id, id)
        assert.deepStrictEqual(
          (yield* erasures.list(orgId, { limit: 9 })).entries.map((one) => one.id),
          [id],
        )
        assert.isEmpty((yield* erasures.list(other, { limit: 9 })).entries)
        assert.include(
          (yield* erasures.open).map((one) => one.id),
          id,
        )
      }),
    )

    it.effect("the jobs belong to one replica until a time, and then to the first that claims them", () =>
      Effect.gen(function* () {
        const { claim, hold } = yield* Erasures
        assert.isTrue(yield* claim(1000, 2000))
        assert.isFalse(yield* claim(1999, 3000))
        yield* hold(5000)
        assert.isFalse(yield* claim(4999, 6000))
        assert.isTrue(yield* claim(5000, 6000))
      }),
    )

    it.effect("retention removes the turns that ended before, and sessions without messages", () =>
      Effect.gen(function* () {
        const retention = yield* Retention
        const sessions = yield* Sessions
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const limit = now + hour
        const old = yield* answeredTurn(owner, "old")
        const mixed = yield* answeredTurn(owner, "first")
        const recent = yield* answeredTurn(owner, "second", mixed, mixed.answer)
        const other = yield* answeredTurn(newPrincipal(), "other")
        const running = yield* begun(newTurn(owner, { at: now }))
        yield* sql`UPDATE runs SET ended_at = ${limit + 1} WHERE id = ${recent.run.id}`
        const walk = Effect.fnUntraced(function* (orgs: RetainedOrgs) {
          let after: SessionPosition | undefined
          do after = yield* retention.deleteMessages(orgs, limit, after)
          while (after !== undefined)
        })
        const left = Effect.fnUntraced(function* ({ session }: Turn) {
          const { entries } = yield* sessions.messages(session.id, { limit: 9 })
          return entries.map(({ content, parentMessageId }) => [content, parentMessageId])
        })
        yield* walk({ orgId: owner.orgId })
        yield* purgeAll(now)
        assert.strictEqual((yield* Effect.flip(sessions.get(owner, old.session.id)))._tag, "SessionNotFound")
        assert.deepStrictEqual(yield* left(mixed), [
          ["second", null],
          ["answer to second", recent.userMessage.id],
        ])
        assert.strictEqual((yield* sessions.get(owner, mixed.session.id)).title, "second")
        assert.deepStrictEqual(yield* left(running), [["Hello", null]])
        assert.lengthOf(yield* left(other), 2)
        yield* walk({ except: [owner.orgId] })
        assert.isEmpty(yield* left(other))
        assert.lengthOf(yield* left(mixed), 2)
      }),
    )
  })
