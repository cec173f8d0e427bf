import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { MessageId, type SessionId } from "../../src/domain/Ids.ts"
import { CohortRuns } from "../../src/store/CohortRuns.ts"
import { Messages } from "../../src/store/Messages.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { principal } from "../support/fixtures.ts"
import { again, asked, edited, service, shown, turn } from "./conversing.ts"

const stored = (sessionId: SessionId) =>
  Effect.map(
    Sessions.use((sessions) => sessions.messages(sessionId, { limit: 1000 })),
    ({ entries }) => entries,
  )

/** The path to the session's last message, each message with its position among its siblings. */
const path = (sessionId: SessionId, leaf: MessageId | "latest" = "latest") =>
  Effect.map(
    Messages.use((messages) => messages.path(sessionId, leaf, { limit: 100 })),
    ({ entries }) =>
      entries.map(({ content, id, siblings }) => [
        content,
        `${siblings.indexOf(id) + 1} / ${siblings.length}`,
      ]),
  )

layer(service)("another answer", (it) => {
  it.effect("stands beside the old one, and the question stays once with its run", () =>
    Effect.gen(function* () {
      const { run, sessionId } = yield* turn("answered", { message: "one" })
      const [question, answer] = yield* stored(sessionId)
      for (const named of [answer!.id, question!.id]) {
        const second = yield* again("answered", named)
        assert.strictEqual(second.end, "done")
        assert.notStrictEqual(second.run.id, run.id)
        assert.strictEqual(second.run.userMessageId, question!.id)
        assert.deepStrictEqual(asked(), [["user", "one"]])
      }
      const messages = yield* stored(sessionId)
      assert.deepStrictEqual(messages[0], question)
      assert.deepStrictEqual(
        messages.map(({ parentMessageId, role }) => [role, parentMessageId]),
        [
          ["user", null],
          ["assistant", question!.id],
          ["assistant", question!.id],
          ["assistant", question!.id],
        ],
      )
      assert.deepStrictEqual(yield* path(sessionId), [
        ["one", "1 / 1"],
        ["Yes.", "3 / 3"],
      ])
    }),
  )

  it.effect("is made from the branch before its question alone", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      yield* turn("answered", { message: "two" }, sessionId)
      yield* turn("answered", { message: "three" }, sessionId)
      const messages = yield* stored(sessionId)
      yield* again("answered", messages[3]!.id)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "two"],
      ])
      // The next message follows the new answer.
      yield* turn("answered", { message: "four" }, sessionId)
      assert.deepStrictEqual(
        asked().map(([, content]) => content),
        ["one", "Yes.", "two", "Yes.", "four"],
      )
    }),
  )

  it.effect("is a retry after a failed turn, by the question or by the message of the failure", () =>
    Effect.gen(function* () {
      for (const fate of ["failed", "failedAfterText", "filtered", "cancelled"] as const)
        for (const place of [1, 2]) {
          const { sessionId } = yield* turn(fate, { message: "one" })
          const named = (yield* stored(sessionId))[place - 1]!
          const { run } = yield* again("answered", named.id)
          const messages = yield* stored(sessionId)
          assert.deepStrictEqual(
            messages.map(({ role }) => role),
            ["user", "assistant", "assistant"],
          )
          assert.strictEqual(messages[0]!.runId, run.id)
          yield* turn("answered", { message: "two" }, sessionId)
          assert.deepStrictEqual(asked(), [
            ["user", "one"],
            ["assistant", "Yes."],
            ["user", "two"],
          ])
        }
    }),
  )

  it.effect("leaves the old one if it fails, and can be asked for again", () =>
    Effect.gen(function* () {
      for (const by of ["retry", "failure", "question", "id"] as const) {
        const { run, sessionId } = yield* turn("answered", { message: "one" })
        const [question, first] = yield* stored(sessionId)
        yield* again("failedAfterText", first!.id)
        const failure = (yield* stored(sessionId)).at(-1)!
        const third = yield* {
          retry: turn("answered", { retry: true }, sessionId),
          failure: turn("answered", { retry: true, parentMessageId: failure.id }, sessionId),
          question: turn("answered", { retry: true, parentMessageId: question!.id }, sessionId),
          id: again("answered", failure.id),
        }[by]
        assert.strictEqual(third.end, "done", by)
        const messages = yield* stored(sessionId)
        assert.strictEqual(messages[0]!.runId, run.id)
        assert.lengthOf(messages, 4)
        assert.deepStrictEqual(asked(), [["user", "one"]])
        const refused = yield* Effect.flip(turn("answered", { retry: true }, sessionId))
        assert.deepInclude(refused, { _tag: "NothingToRetry", reason: "answered" })
        // The failure of an answered question is no question without an answer.
        const named = { retry: true, parentMessageId: failure.id }
        assert.deepInclude(yield* Effect.flip(turn("answered", named, sessionId)), {
          _tag: "NothingToRetry",
        })
      }
    }),
  )

  it.effect("is left out if it failed, and its question joins the message after it", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      const [, first] = yield* stored(sessionId)
      yield* again("failedAfterText", first!.id)
      yield* turn("answered", { message: "two" }, sessionId)
      assert.deepStrictEqual(asked(), [["user", "one\n\ntwo"]])
      yield* turn("answered", { message: "three", parentMessageId: first!.id }, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "three"],
      ])
    }),
  )

  it.effect("needs a message of the caller that is not deleted, in a session that is not deleted", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { sessionId } = yield* turn("answered", { message: "one" })
      const [question, answer] = yield* stored(sessionId)
      const missing = MessageId.make("01890000-0000-7000-8000-00000000dead")
      const refusals = (id: MessageId) =>
        Effect.all([Effect.flip(again("answered", id)), Effect.flip(edited("answered", id, "x"))])
      for (const refused of yield* refusals(missing)) assert.strictEqual(refused._tag, "MessageNotFound")
      yield* sql`UPDATE messages SET deleted_at = 1 WHERE id = ${question!.id}`
      for (const id of [question!.id, answer!.id])
        assert.strictEqual((yield* Effect.flip(again("answered", id)))._tag, "MessageNotFound")
      yield* sql`UPDATE messages SET deleted_at = NULL WHERE id = ${question!.id}`
      yield* sql`UPDATE sessions SET deleted_at = 1 WHERE id = ${sessionId}`
      for (const refused of yield* refusals(question!.id)) assert.strictEqual(refused._tag, "MessageNotFound")
      assert.lengthOf(yield* stored(sessionId), 2)
    }),
  )

  it.effect("is made once if two are asked for at once; the other finds the session busy", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      const [question] = yield* stored(sessionId)
      const both = yield* Effect.forEach(
        [question!.id, question!.id],
        (id) => Effect.result(again("answered", id)),
        { concurrency: "unbounded" },
      )
      const tags = both.map((one) => (one._tag === "Success" ? "done" : one.failure._tag))
      assert.sameMembers(tags, ["done", "SessionBusy"])
      assert.lengthOf(yield* stored(sessionId), 3)
    }),
  )
})

layer(service)("an edit", (it) => {
  it.effect("is a sibling of the message, which no upstream gets again", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      yield* turn("answered", { message: "secret" }, sessionId)
      yield* turn("answered", { message: "three" }, sessionId)
      const original = (yield* stored(sessionId))[2]!
      yield* edited("answered", original.id, "two")
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "two"],
      ])
      yield* turn("answered", { message: "four" }, sessionId)
      assert.notInclude(JSON.stringify(asked()), "secret")
      assert.deepStrictEqual(yield* path(sessionId), [
        ["one", "1 / 1"],
        ["Yes.", "1 / 1"],
        ["two", "2 / 2"],
        ["Yes.", "1 / 1"],
        ["four", "1 / 1"],
        ["Yes.", "1 / 1"],
      ])
      const leaf = yield* Messages.use((messages) => messages.leafOf(original.id))
      assert.deepStrictEqual(
        (yield* path(sessionId, leaf)).map(([content]) => content),
        ["one", "Yes.", "secret", "Yes.", "three", "Yes."],
      )
    }),
  )

  it.effect("begins anew at the first message, and a failed one may be edited and retried", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("failed", { message: "one" })
      const [original] = yield* stored(sessionId)
      yield* edited("failed", original!.id, "uno")
      assert.deepStrictEqual(asked(), [["user", "uno"]])
      yield* turn("answered", { retry: true }, sessionId)
      assert.deepStrictEqual(asked(), [["user", "uno"]])
      yield* turn("answered", { message: "two" }, sessionId)
      assert.deepStrictEqual(
        asked().map(([, content]) => content),
        ["uno", "Yes.", "two"],
      )
      assert.deepStrictEqual((yield* path(sessionId)).slice(0, 2), [
        ["uno", "2 / 2"],
        ["Yes.", "2 / 2"],
      ])
    }),
  )

  it.effect("is refused for an answer", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      const [, answer] = yield* stored(sessionId)
      assert.strictEqual((yield* Effect.flip(edited("answered", answer!.id, "x")))._tag, "NotUsersMessage")
      assert.deepStrictEqual(yield* shown(sessionId), [
        ["user", "one"],
        ["assistant", "Yes."],
      ])
    }),
  )
})

layer(service)("a chosen mode", (it) => {
  it.effect("is the reason of the decision, and the run is in no comparison", () =>
    Effect.gen(function* () {
      const { run, sessionId } = yield* turn("answered", { message: "one" })
      const second = yield* again("answered", run.userMessageId, { mode: "direct_llm" })
      const { run: read } = yield* (yield* Runs).get(principal, second.run.id)
      assert.strictEqual(read.decision.reason, "requested")
      const plain = yield* again("answered", run.userMessageId)
      const { run: usual } = yield* (yield* Runs).get(principal, plain.run.id)
      assert.strictEqual(usual.decision.reason, "default_mode")
      const from = { since: 0, after: { createdAt: 0, runId: "" }, now: Number.MAX_SAFE_INTEGER, limit: 1000 }
      const compared = yield* (yield* CohortRuns).read(from)
      assert.deepStrictEqual(
        compared.runs.filter((one) => one.sessionId === sessionId),
        [],
      )
    }),
  )
})
