import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as History from "../../src/domain/History.ts"
import { estimateTextTokens } from "../../src/domain/TokenEstimate.ts"
import { refusalOf } from "../support/strictModel.ts"
import { attachment } from "../support/heldFiles.ts"

const user = (content: string, answered = true): History.Said => ({ role: "user", content, answered })
const assistant = (content: string): History.Said => ({ role: "assistant", content, answered: true })
const contents = (messages: ReadonlyArray<History.PromptMessage>) =>
  messages.map(({ content, role }) => [role, content])

const plenty = 1_000_000

describe("history", () => {
  it("is the answered turns of the branch and the current message", () => {
    const branch = [user("one"), assistant("1"), user("two", false), user("three"), assistant("3")]
    assert.deepStrictEqual(contents(History.historyOf(branch, "four", plenty)), [
      ["user", "one"],
      ["assistant", "1"],
      ["user", "three"],
      ["assistant", "3"],
      ["user", "four"],
    ])
  })

  it.each([
    "",
    " \n\t",
    "\u00a0\u3000\u2003",
    "\u200b\u2060\ufeff",
    "<think>Hm.</think>\n",
    "<think>never ended",
  ])("treats a turn with the blank answer %j as unanswered", (blank) => {
    const branch = [user("one"), assistant(blank)]
    assert.deepStrictEqual(contents(History.historyOf(branch, "two", plenty)), [["user", "two"]])
  })

  it("merges consecutive messages of one role, joined by a blank line", () => {
    assert.deepStrictEqual(
      contents(History.historyOf([user("Answered on another branch.")], "And?", plenty)),
      [["user", "Answered on another branch.\n\nAnd?"]],
    )
    const blankQuestion = [user("one"), assistant("1"), user(" "), assistant("2")]
    assert.deepStrictEqual(contents(History.historyOf(blankQuestion, "three", plenty)), [
      ["user", "one"],
      ["assistant", "1\n\n2"],
      ["user", "three"],
    ])
  })

  it("begins with a user's message", () => {
    assert.deepStrictEqual(contents(History.historyOf([assistant("Welcome!")], "Hi", plenty)), [
      ["user", "Hi"],
    ])
  })

  it("holds at most 20 messages, the newest ones", () => {
    const branch = Array.from({ length: 30 }, (_, turn) => [user(`q${turn}`), assistant(`a${turn}`)]).flat()
    const history = History.historyOf(branch, "now", plenty)
    assert.isAtMost(history.length, 20)
    assert.deepStrictEqual(history[0], { role: "user", content: "q21" })
    assert.deepStrictEqual(history.at(-1), { role: "user", content: "now" })
  })

  it("stays within its budget: it drops the oldest messages and keeps the current one whole", () => {
    const text = "x".repeat(400)
    const branch = Array.from({ length: 5 }, () => [user(text), assistant(text)]).flat()
    assert.lengthOf(History.historyOf(branch, text, 500), 5)
    assert.lengthOf(History.historyOf(branch, text, 499), 3)
    assert.deepStrictEqual(contents(History.historyOf(branch, text, 0)), [["user", text]])
  })

  it("counts Chinese by tokens, not by characters", () => {
    assert.strictEqual(estimateTextTokens("x".repeat(400)), 100)
    assert.isAtLeast(estimateTextTokens("汉".repeat(400)), 300)
    assert.isAtLeast(estimateTextTokens("ж".repeat(400)), 200)
  })

  it("is well-formed Unicode, even if the store holds a lone surrogate", () => {
    const history = History.historyOf([user("\ud800?"), assistant("a\udc00")], "b\ud800", plenty)
    assert.deepStrictEqual(contents(history), [
      ["user", "\ufffd?"],
      ["assistant", "a\ufffd"],
      ["user", "b\ufffd"],
    ])
  })
})

describe("thoughts", () => {
  it.each([
    ["<think>Let me see.</think>\n\nYes.", "Yes."],
    ["Before. <think>a</think>Between. <THINK>b</THINK>After.", "Before. Between. After."],
    ["Shown. <think>cut off", "Shown."],
    ["The template opened it.</think>Yes.", "Yes."],
    ["1 < 2, and <thinking> is another tag.", "1 < 2, and <thinking> is another tag."],
  ])("are removed from %j", (text, rest) => {
    assert.strictEqual(History.withoutThoughts(text), rest)
    const [, answer] = History.historyOf([user("q"), assistant(text)], "next", plenty)
    assert.strictEqual(answer?.content, rest)
  })

  it("stay in a user's message", () => {
    const [first] = History.historyOf([user("Explain <think>."), assistant("A tag.")], "next", plenty)
    assert.strictEqual(first?.content, "Explain <think>.")
  })
})

describe("half of a history", () => {
  const text = (role: "user" | "assistant", length: number) => ({ role, content: "x".repeat(length) })

  it("is its newer turns by tokens, and the current message", () => {
    const history = [
      text("user", 400),
      text("assistant", 400),
      text("user", 40),
      text("assistant", 40),
      text("user", 4000),
    ]
    assert.deepStrictEqual(History.halfOf(history), history.slice(2))
    assert.deepStrictEqual(History.halfOf(history.slice(2)), history.slice(4))
  })

  it("is undefined for a message alone", () => {
    assert.isUndefined(History.halfOf([text("user", 4000)]))
  })
})

const Chain = Schema.Array(
  Schema.Struct({
    role: Schema.Literals(["user", "assistant"]),
    content: Schema.Union([
      Schema.String,
      Schema.Literals(["", " ", "\u200b", "<think>a</think>", "\ud800"]),
    ]),
    answered: Schema.Boolean,
  }),
)

describe("for any branch", () => {
  it.prop("a strict upstream accepts it", [Chain, Schema.String, Schema.Int], ([branch, text, budget]) => {
    const message = `m${text}`
    const history = History.historyOf(branch, message, Math.abs(budget % 60))
    assert.isUndefined(refusalOf(history))
    assert.isTrue(history.at(-1)?.content.endsWith(message.toWellFormed()))
    const half = History.halfOf(history)
    if (half === undefined) return assert.lengthOf(history, 1)
    assert.isUndefined(refusalOf(half))
    assert.isBelow(half.length, history.length)
    assert.strictEqual(half.at(-1), history.at(-1))
  })

  it.prop("it stays within the budget", [Chain, Schema.String, Schema.Int], ([branch, text, any]) => {
    const budget = Math.abs(any % 200)
    const history = History.historyOf(branch, text, budget)
    const tokens = history.reduce((sum, { content }) => sum + estimateTextTokens(content), 0)
    // A message that alone exceeds the budget is sent all the same. Each of at most 19 merges adds two characters.
    if (history.length > 1) assert.isAtMost(tokens, budget + 10)
  })
})

describe("the files of a history", () => {
  const image = attachment(1)
  const withFile = (content: string, file = image): History.Said => ({
    role: "user",
    content,
    answered: true,
    attachments: [file],
  })
  const answer: History.Said = { role: "assistant", content: "A cat.", answered: true }

  it("go along with their messages, also without a text", () => {
    const history = History.historyOf([withFile(""), answer], "", 10_000, [attachment(2)])
    assert.deepStrictEqual(history, [
      { role: "user", content: "", attachments: [image] },
      { role: "assistant", content: "A cat." },
      { role: "user", content: "", attachments: [attachment(2)] },
    ])
  })

  it("become marks, the oldest first, before a message is left out", () => {
    const branch = [withFile("one", attachment(3)), answer, withFile("two"), answer]
    // One image has 1600 tokens.
    const history = History.historyOf(branch, "three", 1700)
    assert.deepStrictEqual(
      history.map(({ attachments = [], content }) => [content, attachments.length]),
      [
        ["one\n\n[file: file-3.png]", 0],
        ["A cat.", 0],
        ["two", 1],
        ["A cat.", 0],
        ["three", 0],
      ],
    )
    assert.lengthOf(History.historyOf(branch, "three", 3), 1)
  })

  it("leave no room if the current message takes it, and the current message stays whole", () => {
    const history = History.historyOf([withFile("one"), answer], "two", 1500, [attachment(2)])
    assert.deepStrictEqual(history, [{ role: "user", content: "two", attachments: [attachment(2)] }])
  })

  it("count in the half of a history", () => {
    const history = History.historyOf([withFile("one"), answer, withFile("two"), answer], "three", 10_000)
    const half = History.halfOf(history)
    assert.deepStrictEqual(
      half?.map(({ attachments = [] }) => attachments.length),
      [1, 0, 0],
    )
  })
})
