import { assert, describe, it } from "@effect/vitest"
import { RunAgentInputSchema } from "@ag-ui/core/schemas"
import * as Schema from "effect/Schema"
import { expectedFile } from "../../../src/protocol/FileReference.ts"
import {
  answersOf,
  askedOf,
  problemOf,
  requestOf,
  RunAgentInput,
} from "../../../src/protocol/ag-ui/RunAgentInput.ts"

const decode = Schema.decodeUnknownSync(RunAgentInput)
const input = (fields: object): RunAgentInput => {
  const body = { threadId: "t", runId: "r", messages: [], ...fields }
  // The client's own schema accepts it too.
  RunAgentInputSchema.parse(body)
  return decode(body)
}

const user = (id: string, content: unknown) => ({ id, role: "user", content })
const assistant = (id: string) => ({ id, role: "assistant", content: "a" })
const part = (text: string) => ({ type: "text", text })
const image = { type: "image", source: { type: "url", value: "https://example.org/a.png" } }
const toolCallId = "01890000-0000-7000-8000-000000000001/call-1"
const calling = {
  id: "a",
  role: "assistant",
  toolCalls: [
    { id: toolCallId, type: "function", function: { name: "find", arguments: "{}" } },
    { id: "foreign", type: "function", function: { name: "find", arguments: "{}" } },
  ],
}
const noProblem = () => undefined

describe("the request of AG-UI", () => {
  it("asks for the last user's message after the earlier ones", () => {
    const asked = askedOf(
      input({
        messages: [
          assistant("greeting"),
          user("u1", "one"),
          assistant("a1"),
          user("u2", [part("two"), part("lines")]),
          { id: "t", role: "tool", toolCallId: "x", content: "r" },
          user("u3", "three"),
        ],
      }),
    )
    assert.deepStrictEqual(asked, {
      earlier: [
        { id: "u1", text: "one", answered: true, answers: ["a1"], path: "messages.1.content" },
        { id: "u2", text: "two\nlines", answered: false, answers: [], path: "messages.3.content" },
      ],
      message: { id: "u3", text: "three", answered: false, answers: [], path: "messages.5.content" },
      files: [],
    })
  })

  it("names the field that it refuses", () => {
    const problem = (messages: ReadonlyArray<object>, resume?: object) =>
      problemOf(input({ messages, ...(resume === undefined ? {} : { resume }) }), () => "no")
    assert.deepStrictEqual(problem([user("u", "x")]), { path: ["messages", "0", "content"], issue: "no" })
    assert.deepStrictEqual(problem([assistant("a"), user("u", [part("x"), image])]), {
      path: ["messages", "1", "content", "1"],
      issue: expectedFile,
    })
    assert.deepStrictEqual(problem([assistant("a")])?.path, ["messages"])
    assert.isUndefined(problem([], [{ interruptId: "i", status: "cancelled" }]))
    // An earlier message was refused or accepted before, so its parts are not checked again.
    assert.isUndefined(problemOf(input({ messages: [user("u1", [image]), user("u2", "x")] }), noProblem))
  })

  it.each([
    [{ threadId: "" }, "threadId"],
    [{ threadId: "a\u0000" }, "threadId"],
    [{ runId: 1 }, "runId"],
    [{ messages: [{ id: "u", role: "user" }] }, "messages"],
    [{ messages: [{ role: "user", content: "x" }] }, "messages"],
    [{ messages: [{ id: "u", role: "robot", content: "x" }] }, "messages"],
    [{ resume: [{ interruptId: "i", status: "maybe" }] }, "status"],
    [{ tools: {} }, "tools"],
  ])("refuses %j", (fields, path) => {
    assert.throws(() => decode({ threadId: "t", runId: "r", messages: [], ...fields }), path)
  })

  it("gives a cancelled interrupt the answer of a denial", () => {
    const resume = [
      { interruptId: "i1", status: "resolved", payload: { approved: true } },
      { interruptId: "i2", status: "resolved" },
      { interruptId: "i3", status: "cancelled", payload: "ignored" },
    ]
    assert.deepStrictEqual(answersOf(input({ resume })), [
      { interruptId: "i1", payload: { approved: true } },
      { interruptId: "i2", payload: null },
      { interruptId: "i3", payload: { approved: false, cancelled: true }, cancelled: true },
    ])
  })

  it("repeats in snapshots what the client sent, without the messages that it keeps by itself", () => {
    const messages = [
      { ...user("u", "x"), metadata: { own: 1 }, name: "Ana" },
      { id: "r", role: "reasoning", content: "Hm" },
      { id: "p", role: "activity", activityType: "plan", content: {} },
      { id: "s", role: "system", content: "s" },
    ]
    const repeated: ReadonlyArray<unknown> = requestOf(input({ messages })).messages
    assert.deepStrictEqual(repeated, [messages[0], messages[3]])
  })

  it("continues the calls without a result only in a run that resumes", () => {
    const resume = [{ interruptId: "i", status: "resolved" }]
    const waiting = new Map([["call-1", { toolCallId, name: "find" }]])
    assert.deepStrictEqual(requestOf(input({ messages: [calling], resume })).calls, waiting)
    assert.deepStrictEqual(requestOf(input({ messages: [calling] })).calls, new Map())
    const result = { id: "t", role: "tool", toolCallId, content: "r" }
    assert.deepStrictEqual(requestOf(input({ messages: [calling, result], resume })).calls, new Map())
  })

  it("lists the fields that have no effect", () => {
    const tools = [{ name: "t", description: "d" }]
    const { ignored } = requestOf(input({ tools, context: [], state: {}, forwardedProps: { a: 1 } }))
    assert.deepStrictEqual(ignored, ["tools", "forwardedProps"])
  })
})
