import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as RuntimeErrorText from "../../src/domain/RuntimeErrorText.ts"

const { defaults, endsInError, isError, longestHeld, mayBecomeError, parse, startsError } = RuntimeErrorText

const planning = "I encountered an error: Planning failed: RetryError[<Future>]. Please try again."
const responding = "I completed the task but encountered an issue generating the response: Error code: 401"

describe("the default patterns", () => {
  it.each([
    planning,
    responding,
    "I encountered an error: . Please try again.",
    "I encountered an error: two\nlines. Please try again.\n",
    // An exception without text.
    "I completed the task but encountered an issue generating the response: ",
  ])("match the runtime's own sentence: %j", (text) => {
    assert.isTrue(isError(defaults, text))
    assert.isTrue(endsInError(defaults, text))
    assert.isTrue(endsInError(defaults, `The answer from the ${text}`))
    assert.isFalse(isError(defaults, `The answer from the ${text}`))
  })

  it.each([
    "",
    "I",
    "I encountered an error: it was a typo, and I fixed it.",
    "I encountered an error and went on. Please try again.",
    "I completed the task.",
    "Please try again.",
  ])("match nothing else: %j", (text) => {
    assert.isFalse(isError(defaults, text))
    assert.isFalse(endsInError(defaults, text))
  })
})

describe("a beginning", () => {
  it.each([planning, responding])("may become an error at every cut of %j", (text) => {
    for (let end = 0; end <= text.length; end++) assert.isTrue(mayBecomeError(defaults, text.slice(0, end)))
    assert.isTrue(mayBecomeError(defaults, `\n${text}`))
  })

  it("may not become one after a different character, or if it is too long", () => {
    assert.isFalse(mayBecomeError(defaults, "I think"))
    assert.isFalse(mayBecomeError(defaults, "I encountered an error, but"))
    assert.isFalse(mayBecomeError(defaults, planning + "x".repeat(longestHeld)))
    const [exact] = parse("out of order") ?? []
    assert.isTrue(mayBecomeError([exact!], "out of order\n"))
    assert.isFalse(mayBecomeError([exact!], "out of order, they are"))
  })

  it("starts an error if it is whole", () => {
    assert.isTrue(startsError(defaults, planning))
    assert.isFalse(startsError(defaults, "I encountered"))
  })
})

describe("patterns of an operator", () => {
  it("are separated by ||, and accept * or … for any text, several times", () => {
    const patterns = parse(" Sorry, code * happened in * today || Etwas ging schief…") ?? []
    assert.isTrue(isError(patterns, "Sorry, code 7 happened in a loop today"))
    assert.isFalse(isError(patterns, "Sorry, code 7 happened today"))
    assert.isTrue(isError(patterns, "Etwas ging schief. Und zwar so."))
    assert.isFalse(isError(patterns, planning))
  })

  it("may contain characters that are special in regular expressions", () => {
    const patterns = parse("Error (code [*]) + more") ?? []
    assert.isTrue(isError(patterns, "Error (code [a+b]) + more"))
    assert.isFalse(isError(patterns, "Error code a more"))
  })

  it.each(["", "*", "… failed", "short", "||", "long enough, yes || *", "a".repeat(501)])(
    "are refused if they would match any answer: %j",
    (text) => assert.isUndefined(parse(text)),
  )

  it("take no longer for a text that is made to be slow", () => {
    const patterns = parse(`beginning ${"*a".repeat(200)}*b`) ?? []
    assert.isFalse(isError(patterns, `beginning ${"a".repeat(100_000)}`))
  })

  it.prop("match the texts that they were generated from", [Schema.Array(Schema.String)], ([fills]) => {
    const text = `I encountered an error: ${fills.join("")} Please try again.`
    assert.isTrue(isError(defaults, text))
    if (text.length <= longestHeld) assert.isTrue(mayBecomeError(defaults, text))
  })
})
