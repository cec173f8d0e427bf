/** The places of messages in the tree of a session, on every adapter of `Messages`. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Arr from "effect/Array"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId, ApiKeyId, MessageId } from "../../src/domain/Ids.ts"
import { type PathMessage, Messages } from "../../src/store/Messages.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { messageRow } from "../../src/store/TurnRows.ts"
import type { Stores } from "./StoreContract.ts"
import { completed, naughty, newPrincipal, newTurn, type Turn } from "./Turns.ts"

const newId = () => MessageId.make(uuidV7Unsafe())

/** A session with one answered question, and more messages below. `parent` is the index of an earlier one. */
const treeOf = Effect.fnUntraced(function* (
  more: ReadonlyArray<{
    readonly role: "user" | "assistant"
    readonly parent: number | null
    readonly content?: string
  }>,
) {
  const runs = yield* Runs
  const sql = yield* SqlClient.SqlClient
  const owner = newPrincipal()
  const turn: Turn = newTurn(owner, { content: "q0" })
  const { ended, message } = completed(turn, "a0")
  yield* runs.begin(turn)
  yield* runs.end(ended, message)
  const ids = [turn.userMessage.id, message.id]
  const rows = more.map(({ content, parent, role }, index) => {
    const id = newId()
    ids.push(id)
    return {
      ...messageRow({
        ...turn.userMessage,
        id,
        role,
        content: content ?? `${role[0]}${index + 1}`,
        parentMessageId: parent === null ? null : ids[parent]!,
      }),
      seq: index + 3,
    }
  })
  for (const some of Arr.chunksOf(rows, 1000)) yield* sql`INSERT INTO messages ${sql.insert(some)}`.unprepared
  const { session } = turn
  return { owner, session, ids, turn: { ...turn, isNewSession: false } }
})

const contents = ({ entries }: { readonly entries: ReadonlyArray<PathMessage> }) =>
  entries.map(({ content }) => content)

const user = (parent: number | null, content?: string) =>
  ({ role: "user", parent, ...(content === undefined ? {} : { content }) }) as const
const assistant = (parent: number) => ({ role: "assistant", parent }) as const

export const messages = (name: string, layer: Layer.Layer<Messages | Stores, unknown>) =>
  withLayer(layer)(`Messages on ${name}`, (it) => {
    it.effect("a path is the chain of parents, and each message has its siblings of the same role", () =>
      Effect.gen(function* () {
        const store = yield* Messages
        // q0 -> a0 -> u1 -> a2, u3 -> a4; a5 answers q0 too; u6 begins anew; u7 follows q0 directly.
        const { ids, session } = yield* treeOf([
          user(1),
          assistant(2),
          user(1),
          assistant(4),
          assistant(0),
          user(null),
          user(0),
        ])
        const at = (leaf: MessageId | "latest") => store.path(session.id, leaf, { limit: 10 })
        const first = yield* at(ids[3]!)
        assert.deepStrictEqual(contents(first), ["q0", "a0", "u1", "a2"])
        assert.deepStrictEqual(
          first.entries.map(({ siblings }) => siblings),
          [[ids[0]!, ids[7]!], [ids[1]!, ids[6]!], [ids[2]!, ids[4]!], [ids[3]!]],
        )
        assert.isNull(first.next)
        assert.deepStrictEqual(contents(yield* at(ids[5]!)), ["q0", "a0", "u3", "a4"])
        assert.deepStrictEqual(contents(yield* at("latest")), ["q0", "u7"])
        assert.strictEqual(yield* store.leafOf(ids[0]!), ids[8]!)
        assert.strictEqual(yield* store.leafOf(ids[1]!), ids[5]!)
        assert.strictEqual(yield* store.leafOf(ids[3]!), ids[3]!)
      }),
    )

    it.effect("the pages of a path have each message once, also if the path grows meanwhile", () =>
      Effect.gen(function* () {
        const store = yield* Messages
        const { ids, session } = yield* treeOf(Arr.makeBy(8, (index) => user(index + 1)))
        const first = yield* store.path(session.id, "latest", { limit: 4 })
        assert.deepStrictEqual(contents(first), ["u5", "u6", "u7", "u8"])
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE messages SET seq = seq + 100 WHERE id = ${ids[9]!}`
        const second = yield* store.path(session.id, "latest", { limit: 4, before: first.next ?? 0 })
        assert.deepStrictEqual(contents(second), ["u1", "u2", "u3", "u4"])
        const third = yield* store.path(session.id, "latest", { limit: 4, before: second.next ?? 0 })
        assert.deepStrictEqual(contents(third), ["q0", "a0"])
        assert.isNull(third.next)
        const whole = yield* store.path(session.id, "latest", { limit: 10 })
        assert.deepStrictEqual(whole.entries, [...third.entries, ...second.entries, ...first.entries])
        assert.deepStrictEqual(yield* store.path(session.id, "latest", { limit: 4, before: 1 }), {
          entries: [],
          next: null,
        })
      }),
    )

    it.effect("a page has at most 1 MiB, and at least one message", () =>
      Effect.gen(function* () {
        const store = yield* Messages
        const large = "x".repeat(600_000)
        const { session } = yield* treeOf([user(1, large), user(2, large), user(3, naughty)])
        const first = yield* store.path(session.id, "latest", { limit: 10 })
        assert.deepStrictEqual(contents(first), [large, naughty])
        const second = yield* store.path(session.id, "latest", { limit: 10, before: first.next ?? 0 })
        assert.deepStrictEqual(contents(second), ["q0", "a0", large])
      }),
    )

    it.effect("a deleted message is no leaf and no sibling, and a path ends there", () =>
      Effect.gen(function* () {
        const store = yield* Messages
        const sql = yield* SqlClient.SqlClient
        const { ids, owner, session } = yield* treeOf([user(1), user(2), user(1)])
        yield* sql`UPDATE messages SET deleted_at = 5 WHERE id IN (${ids[2]!})`
        const missing = yield* Effect.flip(store.path(session.id, ids[2]!, { limit: 5 }))
        assert.deepInclude(missing, { _tag: "MessageNotFound", messageId: ids[2]! })
        assert.strictEqual((yield* Effect.flip(store.find(owner, ids[2]!)))._tag, "MessageNotFound")
        assert.deepStrictEqual(contents(yield* store.path(session.id, ids[3]!, { limit: 5 })), ["u2"])
        const left = yield* store.path(session.id, ids[4]!, { limit: 5 })
        assert.deepStrictEqual(left.entries.at(-1)?.siblings, [ids[4]!])
        assert.strictEqual(yield* store.leafOf(ids[1]!), ids[4]!)
        const branch = yield* (yield* Sessions).branch(session.id, ids[3]!)
        assert.notInclude(
          branch.map(({ content }) => content),
          "u1",
        )
      }),
    )

    it.effect("a message is found by its owner alone, with its session", () =>
      Effect.gen(function* () {
        const store = yield* Messages
        const sql = yield* SqlClient.SqlClient
        const { ids, owner, session } = yield* treeOf([])
        const found = yield* store.find(owner, ids[1]!)
        assert.deepInclude(found, { id: ids[1]!, role: "assistant", parentMessageId: ids[0]! })
        assert.deepInclude(found, { isCompared: false })
        assert.strictEqual(found.session.id, session.id)
        const others = [newPrincipal(), { ...newPrincipal(), orgId: owner.orgId }, newPrincipal(owner.userId)]
        for (const other of others)
          assert.strictEqual((yield* Effect.flip(store.find(other, ids[1]!)))._tag, "MessageNotFound")
        const keyId = ApiKeyId.make("key_019a5c5e7c017aa08f56000000000001")
        const key = { id: keyId, agents: [AgentId.make(newId())], ratePerMinute: null, expiresAt: null }
        assert.strictEqual((yield* Effect.flip(store.find({ ...owner, key }, ids[1]!)))._tag, "AgentDenied")
        const allowed = { ...owner, key: { ...key, agents: [defaultAgentId] } }
        assert.strictEqual((yield* store.find(allowed, ids[1]!)).id, ids[1]!)
        yield* sql`UPDATE sessions SET deleted_at = 5 WHERE id = ${session.id}`
        assert.strictEqual((yield* Effect.flip(store.find(owner, ids[1]!)))._tag, "MessageNotFound")
        const elsewhere = yield* treeOf([])
        const foreign = store.path(elsewhere.session.id, ids[1]!, { limit: 5 })
        assert.strictEqual((yield* Effect.flip(foreign))._tag, "MessageNotFound")
      }),
    )

    it.effect("another answer begins without a new message, and not to a deleted question", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sql = yield* SqlClient.SqlClient
        const { ids, owner, session, turn } = yield* treeOf([])
        const again = () => {
          const { run } = newTurn(owner, { session })
          return { ...turn, run: { ...run, userMessageId: ids[0]! }, asksAgain: true }
        }
        const second = again()
        yield* runs.begin(second)
        const { ended, message } = completed({ ...turn, run: second.run }, "a1")
        yield* runs.end(ended, { ...message, runId: second.run.id })
        const { entries } = yield* (yield* Sessions).messages(session.id, { limit: 9 })
        assert.deepStrictEqual(
          entries.map(({ content, runId }) => [content, runId]),
          [
            ["q0", turn.run.id],
            ["a0", turn.run.id],
            ["a1", second.run.id],
          ],
        )
        yield* sql`UPDATE messages SET deleted_at = 5 WHERE id = ${ids[0]!}`
        const late = again()
        assert.strictEqual((yield* Effect.flip(runs.begin(late)))._tag, "SessionBusy")
        assert.strictEqual((yield* Effect.flip(runs.get(owner, late.run.id)))._tag, "RunNotFound")
      }),
    )

    it.effect(
      "a chain of 10 000 messages and a question with 10 000 versions are read in bounded pages",
      () =>
        Effect.gen(function* () {
          const store = yield* Messages
          const sessions = yield* Sessions
          const chain = yield* treeOf(Arr.makeBy(10_000, (index) => user(index + 1)))
          const page = yield* store.path(chain.session.id, "latest", { limit: 1000 })
          assert.lengthOf(page.entries, 1000)
          assert.strictEqual(page.entries.at(-1)?.id, chain.ids.at(-1))
          assert.strictEqual(yield* store.leafOf(chain.ids[5]!), chain.ids.at(-1))
          assert.isAtMost((yield* sessions.branch(chain.session.id)).length, 40)
          for (const parent of [1, null]) {
            const wide = yield* treeOf(Arr.makeBy(10_000, () => user(parent)))
            const { entries } = yield* store.path(wide.session.id, "latest", { limit: 1000 })
            const { id, siblings } = entries.at(-1)!
            assert.lengthOf(siblings, 10_000)
            assert.strictEqual(siblings.at(-1), id)
            const first = parent === null ? wide.ids[0]! : wide.ids[2]!
            const old = (yield* store.path(wide.session.id, first, { limit: 10 })).entries.at(-1)!
            assert.include(old.siblings, first)
            assert.isAtMost(old.siblings.length, 10_001)
          }
        }),
    )
  })
