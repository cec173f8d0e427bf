/** The contract of every adapter of `SessionLists`. */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { AgentId, MessageId, SessionId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { Runs } from "../../src/store/Runs.ts"
import { SessionLists, type SessionPosition } from "../../src/store/SessionLists.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { completed, listedSessions, naughty, newPrincipal, newTurn, noon, type Turn } from "./Turns.ts"

type Stores = Runs | SessionLists | Sessions | SqlClient.SqlClient

/** A session whose turn was answered at `at` + 1. */
const answeredAt = (owner: Principal, at: number, change: (turn: Turn) => Turn = (turn) => turn) =>
  Effect.gen(function* () {
    const turn = change(newTurn(owner, { at }))
    const runs = yield* Runs
    yield* runs.begin(turn)
    const { ended, message } = completed(turn, "Hi")
    yield* runs.end(ended, message)
    return turn.session
  })

const limitedTo = (owner: Principal, agents: ReadonlyArray<string>): Principal => ({
  ...owner,
  key: {
    id: `key_${"0".repeat(32)}` as NonNullable<Principal["key"]>["id"],
    agents: agents.map((id) => AgentId.make(id)),
    ratePerMinute: null,
    expiresAt: null,
  },
})

export const sessionLists = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`SessionLists on ${name}`, (it) => {
    it.effect("lists sessions by their last activity, pinned ones first, archived ones apart", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const [a, b, c, d] = yield* Effect.forEach([1, 2, 3, 4], (n) => answeredAt(owner, noon + 10 * n))
        assert.deepStrictEqual(yield* listedSessions(owner), [d!.id, c!.id, b!.id, a!.id])
        yield* lists.update(owner, b!.id, { pinned: true })
        yield* lists.update(owner, c!.id, { archived: true })
        assert.deepStrictEqual(yield* listedSessions(owner, { archived: false }), [b!.id, d!.id, a!.id])
        assert.deepStrictEqual(yield* listedSessions(owner, { archived: true }), [c!.id])
        assert.deepStrictEqual(yield* listedSessions(owner, { pinned: true }), [b!.id])
        assert.deepStrictEqual(yield* listedSessions(owner, { archived: false, pinned: false }), [
          d!.id,
          a!.id,
        ])
        assert.deepStrictEqual(yield* listedSessions(owner, { order: "created" }), [
          d!.id,
          c!.id,
          b!.id,
          a!.id,
        ])
        assert.deepStrictEqual(yield* lists.counts(owner), { total: 4, archived: 1, pinned: 1, running: 0 })
        yield* lists.update(owner, b!.id, { archived: true })
        assert.deepStrictEqual(yield* lists.counts(owner), { total: 4, archived: 2, pinned: 0, running: 0 })
      }),
    )

    it.effect("moves a session with its message, not with its answer, and never back", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const runs = yield* Runs
        const owner = newPrincipal()
        const session = yield* answeredAt(owner, noon)
        const other = yield* answeredAt(owner, noon + 5)
        assert.strictEqual((yield* lists.get(owner, session.id)).updatedAt, noon)
        const turn = newTurn(owner, { session: { ...session, updatedAt: noon + 10 }, at: noon + 10 })
        yield* runs.begin(turn)
        assert.strictEqual((yield* lists.get(owner, session.id)).updatedAt, noon + 10)
        assert.deepStrictEqual(yield* listedSessions(owner), [session.id, other.id])
        const { ended, message } = completed(turn, "Hi")
        yield* runs.end({ ...ended, endedAt: noon + 7000 }, message)
        assert.strictEqual((yield* lists.get(owner, session.id)).updatedAt, noon + 10)
        const early = newTurn(owner, { session: { ...session, updatedAt: noon + 2 }, at: noon + 2 })
        yield* runs.begin(early)
        const failed = { ...completed(early, "").ended, status: "failed", assistantMessageId: null } as const
        yield* runs.end(failed, undefined)
        assert.strictEqual((yield* lists.get(owner, session.id)).updatedAt, noon + 10)
      }),
    )

    it.effect("renames, pins and archives without moving the session, and reads each title unchanged", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const session = yield* answeredAt(owner, noon)
        const before = yield* lists.get(owner, session.id)
        assert.deepInclude(before, { titleSource: "message", pinned: false, archived: false })
        for (const changes of [{ title: naughty }, { pinned: true }, { archived: true }, { pinned: false }]) {
          const after = yield* lists.update(owner, session.id, changes)
          assert.deepInclude(after, { ...changes, updatedAt: noon })
          assert.deepStrictEqual(yield* lists.get(owner, session.id), after)
        }
        assert.deepInclude(yield* lists.get(owner, session.id), { title: naughty, titleSource: "user" })
      }),
    )

    it.effect("a message takes its session out of the archive", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const session = yield* answeredAt(owner, noon)
        yield* lists.update(owner, session.id, { archived: true, pinned: true })
        yield* (yield* Runs).begin(newTurn(owner, { session }))
        assert.deepInclude(yield* lists.get(owner, session.id), { archived: false, pinned: true })
      }),
    )

    it.effect("counts the messages and runs of a session, and states what its last run did", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const runs = yield* Runs
        const owner = newPrincipal()
        const session = yield* answeredAt(owner, noon)
        const facts = Effect.map(
          lists.list(owner, { order: "activity", limit: 1 }),
          ({ entries: [only] }) => [only?.status, only?.activeRunId, only?.messageCount, only?.runCount],
        )
        assert.deepStrictEqual(yield* facts, ["idle", null, 2, 1])
        const turn = newTurn(owner, { session })
        yield* runs.begin(turn)
        assert.deepStrictEqual(yield* facts, ["running", turn.run.id, 3, 2])
        assert.strictEqual((yield* lists.counts(owner)).running, 1)
        const { ended, message } = completed(turn, "May I?")
        yield* runs.end({ ...ended, finishReason: "interrupt" }, message)
        assert.deepStrictEqual(yield* facts, ["awaiting_answer", null, 4, 2])
        for (const [status, shown] of [
          ["failed", "failed"],
          ["interrupted", "failed"],
          ["cancelled", "idle"],
        ] as const) {
          const next = newTurn(owner, { session })
          yield* runs.begin(next)
          yield* runs.end({ ...completed(next, "").ended, status, assistantMessageId: null }, undefined)
          assert.strictEqual((yield* facts)[0], shown)
        }
        assert.strictEqual((yield* lists.counts(owner)).running, 0)
      }),
    )

    it.effect("lists the runs of a session page by page, newest first", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const runs = yield* Runs
        const owner = newPrincipal()
        const first = newTurn(owner)
        yield* runs.begin(first)
        const started = [first]
        for (let n = 0; n < 4; n++) {
          const last = started.at(-1)!
          const { ended, message } = completed(last, "Hi")
          yield* runs.end(ended, message)
          const turn = newTurn(owner, { session: first.session })
          yield* runs.begin(turn)
          started.push(turn)
        }
        const expected = started.map(({ run }) => run.id).toReversed()
        const one = yield* lists.runs(first.session.id, { limit: 2 })
        const two = yield* lists.runs(first.session.id, { limit: 3, before: one.next! })
        assert.deepStrictEqual(
          [...one.entries, ...two.entries].map(({ id }) => id),
          expected,
        )
        assert.isNull(two.next)
        const { decision: _, ...summary } = (yield* runs.get(owner, expected[1]!)).run
        assert.deepStrictEqual(one.entries[1], summary)
        assert.isEmpty((yield* lists.runs(SessionId.make(uuidV7Unsafe()), { limit: 2 })).entries)
      }),
    )

    it.effect("pages lose and repeat no session, also if sessions have the same millisecond or move", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const all = yield* Effect.forEach(Array.from({ length: 9 }), () => answeredAt(owner, noon))
        yield* lists.update(owner, all[4]!.id, { pinned: true })
        for (const order of ["activity", "created"] as const) {
          const seen: Array<SessionId> = []
          let before: SessionPosition | undefined
          do {
            const page = yield* lists.list(owner, { order, limit: 2, before })
            seen.push(...page.entries.map(({ id }) => id))
            before = page.next ?? undefined
            // A session of an earlier page moves to the top.
            const moved = newTurn(owner, { session: all.find(({ id }) => id === seen[0])! })
            yield* (yield* Runs).begin(moved)
            const { ended, message } = completed(moved, "Hi")
            yield* (yield* Runs).end({ ...ended, endedAt: noon + seen.length }, message)
          } while (before !== undefined)
          assert.deepStrictEqual(seen.toSorted(), all.map(({ id }) => id).toSorted())
        }
      }),
    )

    it.effect("shows a session to its user only, and to a key only with an agent of the key", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const agentId = AgentId.make(uuidV7Unsafe())
        const own = yield* answeredAt(owner, noon)
        const withAgent = yield* answeredAt(owner, noon + 5, (turn) => ({
          ...turn,
          session: { ...turn.session, agentId },
          run: { ...turn.run, agentId },
        }))
        yield* (yield* Runs).begin(newTurn(owner, { session: own }))
        const nothing = { total: 0, archived: 0, pinned: 0, running: 0 }
        for (const other of [newPrincipal(owner.orgId), { ...owner, orgId: newPrincipal().orgId }]) {
          assert.deepStrictEqual(yield* listedSessions(other), [])
          assert.deepStrictEqual(yield* lists.counts(other), nothing)
          for (const refused of [lists.get(other, own.id), lists.update(other, own.id, { title: "Mine" })])
            assert.deepInclude(yield* Effect.flip(refused), { _tag: "SessionNotFound", sessionId: own.id })
        }
        const key = limitedTo(owner, [agentId])
        assert.deepStrictEqual(yield* listedSessions(key), [withAgent.id])
        assert.deepStrictEqual(yield* lists.counts(key), { ...nothing, total: 1 })
        for (const refused of [lists.get(key, own.id), lists.update(key, own.id, { archived: true })])
          assert.strictEqual((yield* Effect.flip(refused))._tag, "AgentDenied")
        assert.strictEqual((yield* lists.get(owner, own.id)).archived, false)
      }),
    )

    it.effect("leaves out deleted sessions, messages and runs", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const session = yield* answeredAt(owner, noon)
        yield* sql`UPDATE messages SET deleted_at = 1 WHERE session_id = ${session.id} AND role = 'assistant'`
        yield* sql`UPDATE runs SET deleted_at = 1 WHERE session_id = ${session.id}`
        const found = yield* lists.get(owner, session.id)
        assert.deepInclude(found, { messageCount: 1, runCount: 0, status: "idle" })
        yield* sql`UPDATE sessions SET deleted_at = 1 WHERE id = ${session.id}`
        assert.deepStrictEqual(yield* listedSessions(owner), [])
        assert.strictEqual((yield* lists.counts(owner)).total, 0)
        assert.strictEqual((yield* Effect.flip(lists.get(owner, session.id)))._tag, "SessionNotFound")
        const renamed = yield* Effect.flip(lists.update(owner, session.id, { title: "x" }))
        assert.strictEqual(renamed._tag, "SessionNotFound")
        assert.isFalse(yield* lists.titleByModel(session.id, "x"))
      }),
    )

    it.effect("finds a message's position in its own session only", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const one = yield* answeredAt(owner, noon)
        const other = yield* answeredAt(owner, noon)
        const [question, answer] = (yield* (yield* Sessions).messages(one.id, { limit: 2 })).entries
        assert.strictEqual(yield* lists.positionOf(one.id, question!.id), 1)
        assert.strictEqual(yield* lists.positionOf(one.id, answer!.id), 2)
        assert.isUndefined(yield* lists.positionOf(other.id, answer!.id))
        assert.isUndefined(yield* lists.positionOf(one.id, MessageId.make(uuidV7Unsafe())))
      }),
    )

    it.effect("a model's title replaces the first message's once, and never the user's", () =>
      Effect.gen(function* () {
        const lists = yield* SessionLists
        const owner = newPrincipal()
        const session = yield* answeredAt(owner, noon)
        assert.isTrue(yield* lists.isUntitled(session.id))
        assert.isTrue(yield* lists.titleByModel(session.id, naughty))
        assert.deepInclude(yield* lists.get(owner, session.id), { title: naughty, titleSource: "model" })
        assert.isFalse(yield* lists.isUntitled(session.id))
        assert.isFalse(yield* lists.titleByModel(session.id, "Second"))
        const named = yield* answeredAt(owner, noon)
        yield* lists.update(owner, named.id, { title: "Mine" })
        assert.isFalse(yield* lists.titleByModel(named.id, "Model"))
        assert.deepInclude(yield* lists.get(owner, named.id), { title: "Mine", titleSource: "user" })
      }),
    )
  })
