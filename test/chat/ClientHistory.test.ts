import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type ClientPlace, type ClientTurn, placeOf as placeIn } from "../../src/chat/ClientHistory.ts"
import { MessageId, RunId } from "../../src/domain/Ids.ts"
import type { TreeMessage } from "../../src/store/Sessions.ts"

/** Names a message by a letter of its own: `id("a")`. */
const id = (letter: string): MessageId =>
  MessageId.make(`01890000-0000-7000-8000-0000000000${letter.charCodeAt(0).toString(16)}`)

const runOf = (letter: string): RunId =>
  RunId.make(`01890000-0000-7000-8000-0000000001${letter.charCodeAt(0).toString(16)}`)

const user = (letter: string, content: string, parent: string | null, answers = false): TreeMessage => ({
  id: id(letter),
  role: "user",
  content,
  parentMessageId: parent === null ? null : id(parent),
  runId: runOf(letter),
  answers,
  answered: true,
})

const assistant = (letter: string, parent: string, answered = true): TreeMessage => ({
  id: id(letter),
  role: "assistant",
  content: "Yes.",
  parentMessageId: id(parent),
  runId: runOf(letter),
  answers: false,
  answered,
})

const turn = (text: string, answered = true): ClientTurn => ({ id: "", text, answered, answers: [] })

const placeOf = (
  tree: ReadonlyArray<TreeMessage>,
  earlier: ClientPlace["earlier"],
  message: string,
  again: boolean,
  named?: string,
) => placeIn(tree, { earlier, message, again, named })

/** a "one" -> b, c "two" -> d. */
const tree = [user("a", "one", null), assistant("b", "a"), user("c", "two", "b"), assistant("d", "c")]

const after = (letter: string | null) => ({
  _tag: "After",
  parentMessageId: letter === null ? null : id(letter),
})

const again = (letter: string) => ({ _tag: "Again", questionId: id(letter) })

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

  it("is the question itself when the client wants another answer, or its turn failed", () => {
    assert.deepStrictEqual<unknown>(placeOf(tree, [turn("one")], "two", true), again("c"))
    assert.deepStrictEqual<unknown>(placeOf(tree, [], "one", true), again("a"))
    assert.deepStrictEqual<unknown>(placeOf(tree.slice(0, 3), [turn("one")], "two", true), again("c"))
  })

  it("is the newest of equal questions, or the one that the client names", () => {
    const later = [...tree, user("e", "two", "b"), assistant("f", "e")]
    assert.deepStrictEqual<unknown>(placeOf(later, [turn("one")], "two", true), again("e"))
    for (const named of [id("c"), id("d"), runOf("d"), `${runOf("d")}:4`])
      assert.deepStrictEqual<unknown>(placeOf(later, [turn("one")], "two", true, named), again("c"))
  })

  it("follows the answer that the client shows, by its id, its run or an event of its run", () => {
    const twice = [...tree, assistant("e", "c"), assistant("f", "c", false)]
    const shown = (answer: string) => [turn("one"), { ...turn("two"), answers: ["x", answer] }]
    for (const name of [id("d"), runOf("d"), `${runOf("d")}:1`])
      assert.deepStrictEqual<unknown>(placeOf(twice, shown(name), "x", false), after("d"))
    assert.deepStrictEqual<unknown>(placeOf(twice, shown("foreign"), "x", false), after("e"))
    assert.deepStrictEqual<unknown>(placeOf(twice, shown(id("f")), "x", false), after("f"))
  })

  it("follows the question that the client shows among equal ones", () => {
    const branched = [...tree, user("e", "two", "b"), assistant("f", "e")]
    const shown = [turn("one"), { ...turn("two"), id: id("c") }]
    assert.deepStrictEqual<unknown>(placeOf(branched, shown, "x", false), after("d"))
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
    assert.deepStrictEqual<unknown>(placeOf(tree, undefined, "two", true), again("c"))
    assert.deepStrictEqual<unknown>(placeOf([], undefined, "x", false), after(null))
  })

  it("is that of the named message when the client sends it alone", () => {
    const one = (named: string, isAgain: boolean, message = "x") =>
      placeOf(tree, undefined, message, isAgain, named)
    assert.deepStrictEqual<unknown>(one(id("c"), false), after("b"))
    assert.deepStrictEqual<unknown>(one(id("a"), false), after(null))
    assert.deepStrictEqual<unknown>(one(id("c"), true), again("c"))
    assert.deepStrictEqual<unknown>(one(runOf("b"), true), again("a"))
    // An approval names the answer with the call.
    assert.deepStrictEqual<unknown>(one(runOf("b"), false, ""), after("b"))
    assert.deepStrictEqual<unknown>(one("u7", true, "one"), again("a"))
    assert.deepStrictEqual<unknown>(one("u7", false), { _tag: "UnknownEdit" })
    // A message of files alone has no text.
    assert.deepStrictEqual<unknown>(one("u7", false, ""), { _tag: "UnknownEdit" })
    assert.deepStrictEqual<unknown>(
      placeIn(tree, { earlier: undefined, message: "", onlyAnswers: true, again: false, named: "u7" })._tag,
      "After",
    )
    assert.deepStrictEqual<unknown>(placeOf([], undefined, "x", false, "u7"), after(null))
  })
})

it.prop(
  "the place of a client's message is a message of the session or its start",
  {
    earlier: Schema.Array(
      Schema.Struct({
        id: Schema.Literals(["u1", id("a"), id("c")]),
        text: Schema.Literals(["one", "two", "x"]),
        answered: Schema.Boolean,
        answers: Schema.Array(Schema.Literals(["foreign", runOf("d")])),
      }),
    ),
    message: Schema.Literals(["one", "two", "three"]),
    again: Schema.Boolean,
  },
  ({ again, earlier, message }) => {
    const place = placeOf(tree, earlier, message, again)
    if (place._tag === "Unknown") return assert.isTrue(earlier[place.turn]?.answered)
    if (place._tag === "UnknownEdit") return assert.fail("nothing is named")
    const found = place._tag === "Again" ? place.questionId : place.parentMessageId
    assert.isTrue(found === null || tree.some(({ id }) => id === found))
  },
)
