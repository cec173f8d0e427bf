import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { askedOf, payloadOf, problemOf, UiRequest } from "../../../src/protocol/ai-sdk/UiRequest.ts"

const decode = Schema.decodeUnknownSync(UiRequest)

const user = (id: string, ...texts: ReadonlyArray<string>) => ({
  id,
  role: "user",
  parts: texts.map((text) => ({ type: "text", text })),
})
const assistant = (...parts: ReadonlyArray<object>) => ({ id: "a", role: "assistant", parts })
const call = (toolCallId: string, approved?: boolean) => ({
  type: "dynamic-tool",
  toolName: "t",
  toolCallId,
  state: approved === undefined ? "output-available" : "approval-responded",
  input: {},
  ...(approved === undefined ? {} : { approval: { id: `i-${toolCallId}`, approved } }),
})

const ask = (body: object) => askedOf(decode({ id: "c", ...body }))
const problem = (body: object, textProblem?: string) =>
  problemOf(decode({ id: "c", ...body }), () => textProblem)

describe("the request of DefaultChatTransport", () => {
  it("has the user's texts, and knows which ones have an answer", () => {
    const asked = ask({ messages: [user("1", "a", "b"), assistant(), user("2", "c"), user("3", "d")] })
    assert.deepInclude(asked, { message: "d", path: "messages.3", again: false, continued: undefined })
    assert.deepStrictEqual(asked.earlier, [
      { id: "1", text: "a\nb", answered: true, answers: ["a"], path: "messages.0" },
      { id: "2", text: "c", answered: false, answers: [], path: "messages.2" },
    ])
  })

  it("continues the last message when the user has answered its approvals", () => {
    const parts = [call("x"), call("y", true), call("z", false)]
    const asked = ask({ messages: [user("1", "a"), assistant(...parts)] })
    assert.deepStrictEqual(asked.continued, { messageId: "a", calls: ["x", "y", "z"], denied: ["z"] })
    assert.isUndefined(asked.message)
    assert.deepStrictEqual(
      asked.approvals.map(({ approved, interruptId }) => [interruptId, approved]),
      [
        ["i-y", true],
        ["i-z", false],
      ],
    )
  })

  it("may have its last message alone", () => {
    const asked = ask({ message: user("1", "a"), trigger: "regenerate-message" })
    assert.deepInclude(asked, { message: "a", path: "message", earlier: undefined, again: true })
  })

  it("is refused without a message, with both forms, or with nothing new", () => {
    assert.deepInclude(problem({}), { path: ["messages"] })
    assert.deepInclude(problem({ messages: [] }), { path: ["messages"] })
    assert.deepInclude(problem({ messages: [user("1", "a")], message: user("1", "a") }), {
      path: ["messages"],
    })
    assert.deepInclude(problem({ messages: [user("1", "a"), assistant(call("x"))] }), {
      path: ["messages", "1"],
    })
  })

  it("is refused for its last text, and not for an earlier one", () => {
    const messages = [user("1", ""), assistant(), user("2", "x")]
    assert.deepStrictEqual(problem({ messages }, "Too long"), {
      path: ["messages", "2", "parts"],
      issue: "Too long",
    })
    assert.isUndefined(problem({ messages }))
  })
})

it("an approval is a boolean where the agent's schema asks for one", () => {
  const approval = { interruptId: "i", approved: true, reason: undefined }
  assert.deepStrictEqual(payloadOf({ type: "boolean" }, approval), true)
  assert.deepStrictEqual(payloadOf(undefined, approval), { approved: true })
  assert.deepStrictEqual(payloadOf({ type: "object" }, { ...approval, reason: "Fine." }), {
    approved: true,
    reason: "Fine.",
  })
})
