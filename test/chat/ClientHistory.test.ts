import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type ClientTurn, placeOf } from "../../src/chat/ClientHistory.ts"
import { MessageId } from "../../src/domain/Ids.ts"
import type { TreeMessage } from "../../src/store/Sessions.ts"

/** Names a message by a letter of its own: `id("a")`. */
const id = (letter: string): MessageId =>
  MessageId.make(`01890000-0000-7000-8000-0000000000${letter.charCodeAt(0).toString(16)}`)

const user = (letter: string, content: string, parent: string | null, answers = false): TreeMessage => ({
  id: id(letter),
  role: "user",
  content,
  parentMessageId: parent === null ? null : id(parent),
  answers,
  answered: true,
})

const assistant = (letter: string, parent: string): TreeMessage => ({
  id: id(letter),
  role: "assistant",
  content: "Yes.",
  parentMessageId: id(parent),
  answers: false,
  answered: true,
})

const turn = (text: string, answered = true): ClientTurn => ({ text, answered })

/** a "one" -> b, c "two" -> d. */
const tree = [user("a", "one", null), assistant("b", "a"), user("c", "two", "b"), assistant("d", "c")]

const after = (letter: string | null) => ({
  _tag: "After",
  parentMessageId: letter === null ? null : id(letter),
})

describe("the place of a client's message", () => {
  it("is after the last answer when the client has the whole history", () => {
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("one"), turn("two")], "three", false), after("d"))
    assert.deepStrictEqual<unknown>(placeOf([], [], "one", false), after(null))
  })

  it("is after an earlier answer when the client's history is shorter", () => {
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("one")], "two, edited", false), after("b"))
    assert.deepStrictEqual<unknown>(placeOf(tree, [], "one, edited", false), after(null))
  })

  it("is on the branch that the client shows", () => {
    const branched = [...tree, user("e", "zwei", "b"), assistant("f", "e")]
    assert.deepStrictEqual<unknown>(placeOf(branched, [turn("one"), turn("two")], "x", false), after("d"))
    assert.deepStrictEqual<unknown>(placeOf(branched, [turn("one"), turn("zwei")], "x", false), after("f"))
  })

  it("is after the newest answer to a question that was asked twice", () => {
    const again = [...tree, user("e", "two", "b"), assistant("f", "e")]
    assert.deepStrictEqual<unknown>(placeOf(again, [turn("one"), turn("two")], "x", false), after("f"))
  })

  it("is that of the question when the client wants another answer", () => {
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("one")], "two", true), after("b"))
    assert.deepStrictEqual<unknown>(placeOf(tree, [], "one", true), after(null))
  })

  it("is the question itself when its turn failed and the client tries again", () => {
    const failed = tree.slice(0, 3)
    assert.deepStrictEqual<unknown>(placeOf(failed, [turn("one")], "two", true), {
      _tag: "Retry",
      parentMessageId: id("c"),
    })
  })

  it("is that of the newest turn when a question failed once and was answered later", () => {
    const later = [...tree.slice(0, 3), user("e", "two", "b"), assistant("f", "e")]
    assert.deepStrictEqual<unknown>(placeOf(later, [turn("one")], "two", true), after("b"))
  })

  it("is new for a question that was refused and is sent again", () => {
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("one"), turn("two")], "three", true), after("d"))
  })

  it("skips a message without an answer that is not stored", () => {
    const earlier = [turn("one"), turn("refused", false), turn("two")]
    assert.deepStrictEqual<unknown>(placeOf(tree, earlier, "x", false), after("d"))
  })

  it("is after a failed question when the client goes on", () => {
    const failed = tree.slice(0, 3)
    assert.deepStrictEqual<unknown>(
      placeOf(failed, [turn("one"), turn("two", false)], "x", false),
      after("c"),
    )
  })

  it("passes the answers to interrupts, which the client may not show", () => {
    const answered = [
      ...tree,
      user("e", '{"approved":true}', "d", true),
      assistant("f", "e"),
      user("g", "three", "f"),
    ]
    assert.deepStrictEqual<unknown>(placeOf(answered, [turn("one"), turn("two")], "x", false), after("f"))
    const shown = [turn("one"), turn("two"), turn("three", false)]
    assert.deepStrictEqual<unknown>(placeOf(answered, shown, "x", false), after("g"))
  })

  it("is unknown after an answer that the session does not have, and names it", () => {
    const unknown = (place: number) => ({ _tag: "Unknown", turn: place })
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("uno")], "x", false), unknown(0))
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("one"), turn("one")], "x", false), unknown(1))
    assert.deepStrictEqual<unknown>(placeOf([], [turn("one")], "x", false), unknown(0))
  })

  it("is after the newest answer when the client sends its last message alone", () => {
    assert.deepStrictEqual<unknown>(placeOf(tree, undefined, "x", false), after("d"))
    assert.deepStrictEqual<unknown>(placeOf(tree, undefined, "two", true), after("b"))
    assert.deepStrictEqual<unknown>(placeOf([], undefined, "x", false), after(null))
  })
})

it.prop(
  "the place of a client's message is a message of the session or its start",
  {
    earlier: Schema.Array(
      Schema.Struct({ text: Schema.Literals(["one", "two", "x"]), answered: Schema.Boolean }),
    ),
    message: Schema.Literals(["one", "two", "three"]),
    again: Schema.Boolean,
  },
  ({ again, earlier, message }) => {
    const place = placeOf(tree, earlier, message, again)
    if (place._tag === "Unknown") return assert.isTrue(earlier[place.turn]?.answered)
    assert.isTrue(place.parentMessageId === null || tree.some(({ id }) => id === place.parentMessageId))
  },
)
