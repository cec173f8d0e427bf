import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { Runs } from "../../src/store/Runs.ts"
import { Sessions } from "../../src/store/Sessions.ts"
import { principal } from "../support/fixtures.ts"
import { listedSessions } from "../store/Turns.ts"
import { asked, script, service, shown, turn } from "./conversing.ts"

const Step = Schema.Struct({
  fate: Schema.Literals([
    "answered",
    "failed",
    "failedAfterText",
    "filtered",
    "empty",
    "blank",
    "thought",
    "cancelled",
    "cancelledAfterText",
  ]),
  /** The parent, counted from the session's beginning; negative: none is named. */
  parent: Schema.Int,
  retry: Schema.Boolean,
})

layer(service)("a conversation with a strict model", (it) => {
  it.effect.prop(
    "goes on after any turns: the next good one is answered",
    [Schema.Array(Step).check(Schema.isMaxLength(6))],
    ([steps]) =>
      Effect.gen(function* () {
        const { sessionId } = yield* turn(steps[0]?.fate ?? "answered", { message: "first" })
        const sessions = yield* Sessions
        for (const [index, { fate, parent, retry }] of steps.entries()) {
          const { entries: messages } = yield* sessions.messages(sessionId, { limit: 1000 })
          const named = parent < 0 ? undefined : messages[parent % messages.length]?.id
          const place = named === undefined ? {} : { parentMessageId: named }
          const message = `message ${index}`
          yield* retry
            ? Effect.catchTag(turn(fate, { retry, ...place }, sessionId), "NothingToRetry", () => Effect.void)
            : turn(fate, { message, ...place }, sessionId)
        }
        assert.strictEqual((yield* turn("answered", { message: "good" }, sessionId)).end, "done")
      }),
    60_000,
  )

  it.effect("each kind of failed turn leaves no trace in what is sent", () =>
    Effect.gen(function* () {
      for (const fate of [
        "failed",
        "failedAfterText",
        "filtered",
        "empty",
        "blank",
        "thought",
        "cancelled",
      ] as const) {
        const { sessionId } = yield* turn("answered", { message: "one" })
        yield* turn(fate, { message: "two" }, sessionId)
        yield* turn("answered", { message: "three" }, sessionId)
        assert.deepStrictEqual(asked(), [
          ["user", "one"],
          ["assistant", "Yes."],
          ["user", "three"],
        ])
      }
    }),
  )

  it.effect("text shown before a cancel counts as an answer", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("cancelledAfterText", { message: "one" })
      yield* turn("answered", { message: "two" }, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Ye"],
        ["user", "two"],
      ])
    }),
  )

  it.effect("a message is sent with the branch of its parent alone", () =>
    Effect.gen(function* () {
      const { run, sessionId } = yield* turn("answered", { message: "one" })
      const sessions = yield* Sessions
      const [, first] = (yield* sessions.messages(sessionId, { limit: 10 })).entries
      yield* turn("answered", { message: "two" }, sessionId)
      yield* turn("answered", { message: "two, edited", parentMessageId: first!.id }, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "two, edited"],
      ])
      yield* turn("answered", { message: "three" }, sessionId)
      assert.deepStrictEqual(asked()[2], ["user", "two, edited"])
      // After a question instead of its answer: the two are one message.
      yield* turn("answered", { message: "and?", parentMessageId: run.userMessageId }, sessionId)
      assert.deepStrictEqual(asked(), [["user", "one\n\nand?"]])
    }),
  )

  it.effect("a message whose parent is null begins anew, as an edit of the first message", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      yield* turn("answered", { message: "two" }, sessionId)
      yield* turn("failed", { message: "One", parentMessageId: null }, sessionId)
      assert.deepStrictEqual(asked(), [["user", "One"]])
      yield* turn("answered", { retry: true, parentMessageId: null }, sessionId)
      assert.deepStrictEqual(asked(), [["user", "One"]])
      yield* turn("answered", { message: "three" }, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "One"],
        ["assistant", "Yes."],
        ["user", "three"],
      ])
    }),
  )

  it.effect("the message before is the parent of one that names none", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      yield* turn("failed", { message: "two" }, sessionId)
      yield* turn("answered", { message: "three" }, sessionId)
      const { entries: messages } = yield* (yield* Sessions).messages(sessionId, { limit: 10 })
      const before = [null, ...messages.map(({ id }) => id)]
      assert.deepStrictEqual(
        messages.map(({ parentMessageId }) => parentMessageId),
        before.slice(0, messages.length),
      )
    }),
  )

  it.effect("sessions and messages keep their order when the clock is set back", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("10 seconds")
      const first = yield* turn("answered", { message: "one" })
      yield* TestClock.setTime((yield* Clock.currentTimeMillis) - 5000)
      const second = yield* turn("answered", { message: "other" })
      yield* turn("answered", { message: "two" }, first.sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "two"],
      ])
      assert.deepStrictEqual(yield* shown(first.sessionId), [...asked(), ["assistant", "Yes."]])
      const listed = yield* listedSessions(principal, { order: "created", limit: 2 })
      assert.deepStrictEqual(listed, [second.sessionId, first.sessionId])
    }),
  )

  it.effect(
    "E4: a turn's time is of the monotonic clock: a wall clock that is set back does not shorten it",
    () =>
      Effect.gen(function* () {
        yield* TestClock.adjust("10 minutes")
        const { run } = yield* turn("setBack", { message: "one" })
        const { run: ended } = yield* (yield* Runs).get(principal, run.id)
        assert.strictEqual((ended.endedAt ?? 0) - run.createdAt, 2000)
      }),
  )

  it.effect(
    "a turn that missed the answer of another replica is refused, and taken when it is sent again",
    () =>
      Effect.gen(function* () {
        const { run, sessionId } = yield* turn("answered", { message: "one" })
        script.stale = true
        const refused = yield* Effect.flip(turn("answered", { message: "two" }, sessionId))
        assert.deepInclude(refused, { _tag: "SessionBusy" })
        // A parent that is named is meant, whatever has come since.
        yield* turn("answered", { message: "edit", parentMessageId: run.userMessageId }, sessionId)
        script.stale = false
        assert.strictEqual((yield* turn("answered", { message: "two" }, sessionId)).end, "done")
      }).pipe(Effect.ensuring(Effect.sync(() => (script.stale = false)))),
  )

  it.effect("the budget leaves out the oldest turns and never the message", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "x".repeat(100) })
      yield* turn("answered", { message: "y".repeat(40) }, sessionId)
      yield* turn("answered", { message: "z".repeat(80) }, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "y".repeat(40)],
        ["assistant", "Yes."],
        ["user", "z".repeat(80)],
      ])
      yield* turn("answered", { message: "z".repeat(400) }, sessionId)
      assert.deepStrictEqual(asked(), [["user", "z".repeat(400)]])
    }),
  )
})

layer(service)("a retry", (it) => {
  it.effect("answers the question that failed, which the session shows once", () =>
    Effect.gen(function* () {
      for (const fate of ["failed", "failedAfterText", "filtered", "empty", "cancelled"] as const) {
        const { sessionId } = yield* turn("answered", { message: "one" })
        const first = yield* turn(fate, { message: "two" }, sessionId)
        const again = yield* turn("answered", { retry: true }, sessionId)
        assert.strictEqual(again.end, "done")
        assert.strictEqual(again.run.userMessageId, first.run.userMessageId)
        assert.notStrictEqual(again.run.id, first.run.id)
        const whole = [
          ["user", "one"],
          ["assistant", "Yes."],
          ["user", "two"],
          ["assistant", "Yes."],
        ]
        assert.deepStrictEqual(asked(), whole.slice(0, 3))
        const messages = yield* shown(sessionId)
        assert.deepStrictEqual([...messages.slice(0, 3), ...messages.slice(4)], whole)
        assert.deepStrictEqual(messages[3]?.[0], "assistant")
        yield* turn("answered", { message: "three" }, sessionId)
        assert.deepStrictEqual(asked(), [...whole, ["user", "three"]])
        // The run that failed stays as it was.
        const { run } = yield* (yield* Runs).get(principal, first.run.id)
        assert.include(["failed", "cancelled"], run.status)
      }
    }),
  )

  it.effect("may fail and be retried again, also of a session's first message", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("failed", { message: "one" })
      yield* turn("cancelled", { retry: true, message: "one" }, sessionId)
      yield* turn("answered", { retry: true }, sessionId)
      assert.deepStrictEqual(yield* shown(sessionId), [
        ["user", "one"],
        ["assistant", ""],
        ["assistant", ""],
        ["assistant", "Yes."],
      ])
    }),
  )

  it.effect("answers a question again whose answer was blank", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("blank", { message: "one" })
      yield* turn("answered", { retry: true }, sessionId)
      yield* turn("answered", { message: "two" }, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "two"],
      ])
    }),
  )

  it.effect("names an earlier turn by its question, or by the message before it", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("answered", { message: "one" })
      const [, parent] = (yield* (yield* Sessions).messages(sessionId, { limit: 10 })).entries
      const failed = yield* turn("failed", { message: "two" }, sessionId)
      const byParent = { retry: true, message: "two", parentMessageId: parent!.id }
      assert.strictEqual(
        (yield* turn("failed", byParent, sessionId)).run.userMessageId,
        failed.run.userMessageId,
      )
      yield* turn("answered", { message: "three" }, sessionId)
      const byQuestion = { retry: true, parentMessageId: failed.run.userMessageId }
      yield* turn("answered", byQuestion, sessionId)
      assert.deepStrictEqual(asked(), [
        ["user", "one"],
        ["assistant", "Yes."],
        ["user", "two"],
      ])
      const refused = yield* Effect.flip(turn("answered", byQuestion, sessionId))
      assert.deepInclude(refused, { _tag: "NothingToRetry", reason: "answered" })
    }),
  )

  it.effect("is refused where the message was answered, in part too, and where it is another message", () =>
    Effect.gen(function* () {
      for (const fate of ["answered", "cancelledAfterText"] as const) {
        const { sessionId } = yield* turn(fate, { message: "one" })
        const refused = yield* Effect.flip(turn("answered", { retry: true }, sessionId))
        assert.deepInclude(refused, { _tag: "NothingToRetry", reason: "answered" })
      }
      const { sessionId } = yield* turn("failed", { message: "one" })
      const other = yield* Effect.flip(turn("answered", { retry: true, message: "One" }, sessionId))
      assert.deepInclude(other, { _tag: "NothingToRetry", reason: "other_message" })
      assert.deepStrictEqual(yield* shown(sessionId), [
        ["user", "one"],
        ["assistant", ""],
      ])
    }),
  )
})
