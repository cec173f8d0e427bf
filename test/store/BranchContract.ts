/** The order and the branches of a session's messages, on every adapter of `Sessions`. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { MessageId } from "../../src/domain/Ids.ts"
import type { Session } from "../../src/domain/Session.ts"
import { Deletions } from "../../src/store/Deletions.ts"
import type { Purge } from "../../src/store/Purge.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { messageRow } from "../../src/store/TurnRows.ts"
import { purgeAll } from "./deleting.ts"
import type { Stores } from "./StoreContract.ts"
import { completed, newPrincipal, newTurn, noon, type Turn, plain } from "./Turns.ts"

/** A turn after the message `parent`; `answer` is its answer, or undefined if it fails. */
const said = Effect.fnUntraced(function* (
  content: string,
  answer: string | undefined,
  after: { readonly session?: Session; readonly parent?: MessageId; readonly at?: number } = {},
) {
  const runs = yield* Runs
  const made = newTurn(after.session === undefined ? newPrincipal() : principalOf(after.session), {
    content,
    ...(after.session === undefined ? {} : { session: { ...after.session, updatedAt: after.at ?? noon } }),
    ...(after.at === undefined ? {} : { at: after.at }),
  })
  const turn: Turn = {
    ...made,
    userMessage: { ...made.userMessage, parentMessageId: after.parent ?? null },
  }
  yield* runs.begin(turn)
  return { ...turn, ...(yield* ended(turn, answer)) }
})

const principalOf = ({ orgId, userId }: Session) => ({ orgId, userId, permissions: ["*"] })

const ended = Effect.fnUntraced(function* (turn: Turn, answer: string | undefined) {
  const runs = yield* Runs
  const { ended, message } = completed(turn, answer ?? "")
  if (answer === undefined)
    yield* runs.end({ ...ended, status: "failed", assistantMessageId: null }, undefined)
  else yield* runs.end(ended, message)
  return { answer: message }
})

const branch = (session: Session, end?: MessageId) =>
  Effect.map(
    Sessions.use((sessions) => sessions.branch(session.id, end)),
    (messages) => messages.map(({ answered, content, role }) => [role, content, answered]),
  )

export const branches = (name: string, layer: Layer.Layer<Deletions | Purge | Stores, unknown>) =>
  withLayer(layer)(`Branches on ${name}`, (it) => {
    it.effect("messages keep their order if the clock of a replica steps back an hour or is slow", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const first = yield* said("one", "1")
        const { session } = first
        const back = yield* said("two", "2", { session, parent: first.answer.id, at: noon - 3_600_000 })
        yield* said("three", "3", { session, parent: back.answer.id, at: noon - 2000 })
        const all = ["one", "1", "two", "2", "three", "3"]
        const contents = (messages: ReadonlyArray<{ readonly content: string }>) =>
          messages.map(({ content }) => content)
        assert.deepStrictEqual(
          contents(plain((yield* sessions.messages(session.id, { limit: 10 })).entries)),
          all,
        )
        assert.deepStrictEqual(contents(yield* sessions.branch(session.id)), all)
        const kept = yield* sessions.get(principalOf(session), session.id)
        assert.strictEqual(kept.updatedAt, noon)
      }),
    )

    it.effect("a tree has the messages of all branches, and marks the answers to interrupts", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sessions = yield* Sessions
        const first = yield* said("one", "1")
        const { session } = first
        yield* said("two", undefined, { session, parent: first.answer.id })
        const made = newTurn(principalOf(session), { content: "Yes.", session })
        const record = { answers: [{ interruptId: "i1", payload: true }] }
        const answering = {
          ...made,
          userMessage: { ...made.userMessage, parentMessageId: first.answer.id, record },
        }
        yield* runs.begin(answering)
        yield* ended(answering, "2")
        const tree = yield* sessions.tree(session.id)
        assert.deepStrictEqual(
          tree.map(({ answers, content, role }) => [role, content, answers]),
          [
            ["user", "one", false],
            ["assistant", "1", false],
            ["user", "two", false],
            ["user", "Yes.", true],
            ["assistant", "2", false],
          ],
        )
        assert.strictEqual(tree[3]?.parentMessageId, first.answer.id)
      }),
    )

    it.effect("a tree has every message of a long session, because clients send a history of 1 MiB", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const sql = yield* SqlClient.SqlClient
        const { session, userMessage } = yield* said("first", "1")
        const copies = Arr.makeBy(1000, (index) => ({
          ...messageRow({ ...userMessage, content: "more" }),
          id: newTurn(newPrincipal(), { content: "" }).userMessage.id,
          seq: 3 + index,
        }))
        yield* sql`INSERT INTO messages ${sql.insert(copies)}`
        const tree = yield* sessions.tree(session.id)
        assert.strictEqual(tree.length, 1002)
        assert.strictEqual(tree[0]?.content, "first")
      }),
    )

    it.effect("a branch is the chain of parents, from its first message to its end", () =>
      Effect.gen(function* () {
        const first = yield* said("one", "1")
        const { session } = first
        const second = yield* said("two", "2", { session, parent: first.answer.id })
        yield* said("two, edited", "2'", { session, parent: first.answer.id })
        const before = [
          ["user", "one", true],
          ["assistant", "1", true],
        ]
        assert.deepStrictEqual(yield* branch(session), [
          ...before,
          ["user", "two, edited", true],
          ["assistant", "2'", true],
        ])
        assert.deepStrictEqual(yield* branch(session, second.answer.id), [
          ...before,
          ["user", "two", true],
          ["assistant", "2", true],
        ])
        assert.deepStrictEqual(yield* branch(session, second.userMessage.id), [
          ...before,
          ["user", "two", true],
        ])
      }),
    )

    it.effect("a branch leaves out unanswered messages, but never its end", () =>
      Effect.gen(function* () {
        const first = yield* said("one", "1")
        const { session } = first
        const failed = yield* said("two", undefined, { session, parent: first.answer.id })
        const again = yield* said("three", undefined, { session, parent: failed.userMessage.id })
        const whole = [
          ["user", "one", true],
          ["assistant", "1", true],
        ]
        assert.deepStrictEqual(yield* branch(session), [...whole, ["user", "three", false]])
        yield* said("four", "4", { session, parent: again.userMessage.id })
        assert.deepStrictEqual(yield* branch(session), [
          ...whole,
          ["user", "four", true],
          ["assistant", "4", true],
        ])
      }),
    )

    it.effect("a branch is forked where another one continued before, also if that one is deleted", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const forks = (session: Session, end?: MessageId) =>
          Effect.map(sessions.branch(session.id, end), (messages) =>
            messages.map(({ content, forked }) => [content, forked]),
          )
        const first = yield* said("one", "1")
        const { session } = first
        const second = yield* said("two", "2", { session, parent: first.answer.id })
        const third = yield* said("three", undefined, { session, parent: second.answer.id })
        const linear = [
          ["one", false],
          ["1", false],
          ["two", false],
          ["2", false],
          ["three", false],
        ]
        assert.deepStrictEqual(yield* forks(session), linear)
        assert.deepStrictEqual(
          (yield* forks(session, first.answer.id)).map(([, forked]) => forked),
          [true, true],
        )
        const other = yield* said("other", undefined, { session, parent: first.answer.id })
        assert.deepStrictEqual(yield* forks(session), [
          ["one", true],
          ["1", true],
          ["other", false],
        ])
        // The branch that continued first stays as it was.
        assert.deepStrictEqual(yield* forks(session, third.userMessage.id), linear)
        const root = yield* said("root", "r", { session })
        assert.deepStrictEqual(yield* forks(session), [
          ["root", true],
          ["r", false],
        ])
        const { deleteMessage } = yield* Deletions
        yield* deleteMessage(principalOf(session), second.userMessage.id, noon)
        yield* deleteMessage(principalOf(session), other.userMessage.id, noon)
        yield* deleteMessage(principalOf(session), root.userMessage.id, noon)
        const left = [
          ["one", true],
          ["1", true],
        ]
        assert.deepStrictEqual(yield* forks(session), left)
        yield* purgeAll(noon)
        assert.deepStrictEqual(yield* forks(session), left)
      }),
    )

    it.effect("a branch reads the same number of messages for any length of the session", () =>
      Effect.gen(function* () {
        const first = yield* said("q", "a")
        const { session } = first
        let parent = first.answer.id
        for (let turn = 0; turn < 30; turn++)
          parent = (yield* said(`q${turn}`, `a${turn}`, { session, parent })).answer.id
        const read = yield* branch(session)
        assert.lengthOf(read, 40)
        assert.deepStrictEqual(read.at(-1), ["assistant", "a29", true])
        for (let turn = 0; turn < 60; turn++)
          parent = (yield* said("failed", undefined, { session, parent })).userMessage.id
        assert.lengthOf(yield* branch(session), 40)
      }),
    )

    it.effect("a message of another session, or of none, has no branch", () =>
      Effect.gen(function* () {
        const one = yield* said("one", "1")
        const other = yield* said("other", "1")
        assert.deepStrictEqual(yield* branch(one.session, other.answer.id), [])
        assert.deepStrictEqual(yield* branch(one.session, newTurn(newPrincipal()).userMessage.id), [])
        assert.deepStrictEqual(yield* branch(newTurn(newPrincipal()).session), [])
      }),
    )

    it.effect("a turn that does not know the session's last message begins nothing", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const first = yield* said("one", "1")
        const { session } = first
        const owner = principalOf(session)
        const stale = { ...newTurn(owner, { session }), follows: first.userMessage.id }
        assert.strictEqual((yield* Effect.flip(runs.begin(stale)))._tag, "SessionBusy")
        assert.strictEqual((yield* Effect.flip(runs.get(owner, stale.run.id)))._tag, "RunNotFound")
        yield* runs.begin({ ...newTurn(owner, { session }), follows: first.answer.id })
      }),
    )

    it.effect("a retry gives the unanswered message to the new run, once", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const sessions = yield* Sessions
        const failed = yield* said("one", undefined)
        const { session, userMessage } = failed
        const retry = () => {
          const { run } = newTurn(principalOf(session), { session })
          const again = { ...run, userMessageId: userMessage.id }
          return {
            ...failed,
            isNewSession: false,
            run: again,
            userMessage: { ...userMessage, runId: run.id },
            retries: failed.run.id,
          }
        }
        const second = retry()
        yield* runs.begin(second)
        assert.deepStrictEqual(plain((yield* sessions.messages(session.id, { limit: 9 })).entries), [
          second.userMessage,
        ])
        const { answer } = yield* ended(second, "1")
        assert.deepStrictEqual(plain((yield* sessions.messages(session.id, { limit: 9 })).entries), [
          second.userMessage,
          answer,
        ])
        assert.deepStrictEqual(yield* branch(session), [
          ["user", "one", true],
          ["assistant", "1", true],
        ])
        // Another replica had seen the same failure: its retry finds the message taken, and stores nothing.
        const late = retry()
        assert.strictEqual((yield* Effect.flip(runs.begin(late)))._tag, "SessionBusy")
        assert.strictEqual(
          (yield* Effect.flip(runs.get(principalOf(session), late.run.id)))._tag,
          "RunNotFound",
        )
      }),
    )
  })
