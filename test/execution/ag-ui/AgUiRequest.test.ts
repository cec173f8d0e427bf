import { describe, expect, it } from "vitest"
import type { Interrupt } from "../../../src/domain/Interrupt.ts"
import { MessageId, RunId } from "../../../src/domain/Ids.ts"
import * as AgUiRequest from "../../../src/execution/ag-ui/AgUiRequest.ts"
import type { PastMessage, Turn } from "../../../src/execution/Executor.ts"
import { agent, runId, sessionId, turn, userMessageId } from "../../support/fixtures.ts"

const idOf = (n: number) => MessageId.make(`01890000-0000-7000-8000-00000000010${n}`)

const past = (fields: Partial<PastMessage> & Pick<PastMessage, "content" | "id" | "role">): PastMessage => ({
  executionMode: null,
  interrupts: [],
  answers: [],
  upstream: undefined,
  ...fields,
})

const question = past({ id: idOf(1), role: "user", content: "Hi" })
const answerOf = (data: object, fields: Partial<PastMessage> = {}) =>
  past({
    id: idOf(2),
    role: "assistant",
    content: "Hello",
    upstream: { wire: "ag-ui", data: { messages: [], ...data } },
    ...fields,
  })
const call = { id: "c-1", type: "function", function: { name: "search", arguments: '{"a": 1}' } }
const ownMessages = [
  { id: "own-1", role: "assistant", toolCalls: [call] },
  { id: "own-2", role: "tool", toolCallId: "c-1", content: "found" },
  { id: "own-3", role: "assistant", content: "Hello" },
]
const noPrompt = agent({ systemPrompt: "" })
const current = { id: userMessageId, role: "user", content: "And now?" }
const next = { message: "And now?", agent: noPrompt }

describe("the messages", () => {
  it("are the agent's own where it answered, in full", () => {
    const given = turn({ ...next, past: [question, answerOf({ messages: ownMessages })] })
    expect(AgUiRequest.make(given, "full").messages).toEqual([
      { id: question.id, role: "user", content: "Hi" },
      ...ownMessages,
      current,
    ])
  })

  it("are the stored ones where another mode or wire answered", () => {
    const direct = answerOf({}, { upstream: undefined, content: "<think>hm</think>Hello" })
    const other = answerOf(
      {},
      { id: idOf(4), upstream: { wire: "langgraph", data: { messages: ownMessages } } },
    )
    const broken = answerOf({ messages: [{ role: "assistant" }] }, { id: idOf(5) })
    const given = turn({ ...next, past: [question, direct, question, other, question, broken] })
    expect(AgUiRequest.make(given, "full").messages.map(({ id }) => id)).toEqual([
      question.id,
      direct.id,
      question.id,
      other.id,
      question.id,
      broken.id,
      userMessageId,
    ])
    expect(AgUiRequest.make(given, "full").messages[1]).toMatchObject({ content: "Hello" })
  })

  it("are only the new ones where the agent keeps the history", () => {
    const given = turn({ ...next, past: [question, answerOf({ messages: ownMessages })] })
    expect(AgUiRequest.make(given, "last").messages).toEqual([current])
  })

  it("begin with the agent's prompt, under one id", () => {
    const first = AgUiRequest.make(turn(), "last").messages[0]
    expect(first).toMatchObject({ role: "system", content: "Be kind." })
    expect(AgUiRequest.make(turn({ messageId: idOf(7) }), "full").messages[0]).toEqual(first)
  })

  it("are the caller's history if the session has none", () => {
    const history = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "And now?" },
    ] as const
    const { messages } = AgUiRequest.make(turn({ ...next, history }), "full")
    expect(messages.map((message) => ("content" in message ? message.content : ""))).toEqual([
      "Hi",
      "Hello",
      "And now?",
    ])
  })
})

it("names the session, or the run for a shadow and a probe", () => {
  expect(AgUiRequest.make(turn(), "full")).toMatchObject({
    threadId: sessionId,
    runId,
    protocolVersion: "1.0",
  })
  expect(AgUiRequest.make(turn({ shadow: true }), "full").threadId).toBe(runId)
  expect(AgUiRequest.make(turn({ probe: true }), "full").threadId).toBe(runId)
})

describe("the thread of a branch", () => {
  const own = turn({ runId: RunId.make(idOf(6)) }).runId
  const answered = (fields: Partial<PastMessage>, data: object = {}) =>
    turn({ ...next, runId: own, past: [question, answerOf({ messages: ownMessages, ...data }, fields)] })
  const threadOf = (given: Turn) => AgUiRequest.make(given, "last").threadId

  it("is the answer's, unless the session continued there first", () => {
    expect(threadOf(answered({}))).toBe(sessionId)
    expect(threadOf(answered({}, { thread: "t-1" }))).toBe("t-1")
    expect(threadOf(answered({ forked: true }, { thread: "t-1" }))).toBe(own)
  })

  it("is the session's before the first answer, unless the session began elsewhere", () => {
    const direct = answerOf({}, { upstream: undefined })
    const given = turn({ ...next, runId: own, past: [question, direct] })
    expect(threadOf(given)).toBe(sessionId)
    expect(threadOf({ ...given, forked: true })).toBe(own)
    expect(threadOf({ ...answered({}), forked: true })).toBe(sessionId)
  })

  it("gets the messages that it does not have", () => {
    const direct = answerOf({}, { upstream: undefined, id: idOf(4) })
    const given = answered({})
    const ids = (turn: Turn) => AgUiRequest.make(turn, "last").messages.map(({ id }) => id)
    const more = { ...given, past: [...given.past, { ...question, id: idOf(3) }, direct] }
    expect(ids(more)).toEqual([idOf(3), idOf(4), userMessageId])
    const all = [question.id, "own-1", "own-2", "own-3", userMessageId]
    expect(ids(answered({ forked: true }))).toEqual(all)
    expect(ids({ ...given, shadow: true })).toEqual(all)
  })

  it("is in the record of the answer, unless it is the session's", () => {
    expect(AgUiRequest.factsOf(answered({})).thread).toBeUndefined()
    expect(AgUiRequest.factsOf(answered({ forked: true })).thread).toBe(own)
  })
})

it("sends the newest state back", () => {
  const given = turn({ ...next, past: [question, answerOf({ state: { n: 1 } }), question, answerOf({})] })
  expect(AgUiRequest.make(given, "last").state).toEqual({ n: 1 })
})

describe("an answer to interrupts", () => {
  const approval: Interrupt = {
    interruptId: "i-1",
    reason: "tool_call",
    responseSchema: { type: "object", properties: { approved: { type: "boolean" } } },
  }
  const open: Interrupt = { interruptId: "i-2", reason: "ask" }
  const asked = (pending: ReadonlyArray<object>, interrupts: ReadonlyArray<Interrupt>) =>
    answerOf({ messages: [ownMessages[0]], pending }, { content: "", interrupts })
  const yes = { interruptId: "i-1", payload: { approved: true } }

  const resumed = (
    pending: ReadonlyArray<object>,
    interrupts: ReadonlyArray<Interrupt>,
    answers: ReadonlyArray<typeof yes> | undefined,
    message = "",
  ) =>
    AgUiRequest.make(
      turn({
        agent: noPrompt,
        message,
        past: [question, asked(pending, interrupts)],
        resume: { interrupts, answers },
      }),
      "full",
    )

  it("is an entry for each interrupt, cancelled where there is no answer", () => {
    const given = resumed([{ interruptId: "i-1", by: "resume" }], [approval, open], [yes])
    expect(given.resume).toEqual([
      { interruptId: "i-1", status: "resolved", payload: { approved: true } },
      { interruptId: "i-2", status: "cancelled" },
    ])
    expect(given.messages.map(({ id }) => id)).toEqual([question.id, "own-1"])
    expect(given.forwardedProps).toEqual({})
  })

  it("is a command where a custom event asked", () => {
    const given = resumed([{ interruptId: "i-1", by: "command", value: '{"q":1}' }], [approval], [yes])
    expect(given.forwardedProps).toEqual({
      command: { resume: { approved: true }, interruptEvent: '{"q":1}' },
    })
    expect(given.resume).toBeUndefined()
  })

  it("is a command with a value for each id where several custom events asked", () => {
    const pending = ["i-1", "i-2"].map((interruptId) => ({ interruptId, by: "command" }))
    expect(resumed(pending, [approval, open], [yes]).forwardedProps).toEqual({
      command: { resume: { "i-1": { approved: true }, "i-2": { status: "cancelled" } } },
    })
  })

  it("is the result of a call that waits", () => {
    const pending = [{ interruptId: "i-1", by: "call", toolCallId: "c-1" }]
    const { messages, resume } = resumed(pending, [approval], [yes])
    expect(messages.at(-1)).toEqual({
      id: `${userMessageId}-c-1`,
      role: "tool",
      toolCallId: "c-1",
      content: '{"approved":true}',
    })
    expect(resume).toBeUndefined()
  })

  it("never approves for a plain message, which is then the reason or the answer", () => {
    expect(resumed([], [approval, open], undefined, "Better not").resume).toEqual([
      { interruptId: "i-1", status: "resolved", payload: { approved: false, reason: "Better not" } },
      { interruptId: "i-2", status: "resolved", payload: "Better not" },
    ])
  })

  it("refuses for a plain message whatever the schema calls the decision", () => {
    const properties = { accepted: { type: "boolean" }, note: { type: "string" } }
    const decision = { ...open, responseSchema: { type: "object", properties } }
    const bare = { ...approval, responseSchema: { type: "boolean" } }
    expect(resumed([], [bare, decision], undefined, "yes").resume).toEqual([
      { interruptId: "i-1", status: "resolved", payload: false },
      { interruptId: "i-2", status: "resolved", payload: { accepted: false, reason: "yes" } },
    ])
  })

  it("is not repeated as a message in later turns, because the result must follow its call", () => {
    const given = turn({
      ...next,
      past: [
        question,
        asked([{ interruptId: "i-1", by: "resume" }], [approval]),
        past({ id: idOf(8), role: "user", content: "yes", answers: [yes] }),
        answerOf({ messages: ownMessages.slice(1) }, { id: idOf(9) }),
      ],
    })
    expect(AgUiRequest.make(given, "full").messages.map(({ id }) => id)).toEqual([
      question.id,
      "own-1",
      "own-2",
      "own-3",
      userMessageId,
    ])
  })
})

it("tells the mapping the calls and ids of earlier turns", () => {
  const given = AgUiRequest.factsOf(turn({ ...next, past: [question, answerOf({ messages: ownMessages })] }))
  expect(given.pastCalls.get("c-1")).toBe("search")
  expect([...given.knownIds]).toEqual([question.id, "own-1", "own-2", "own-3"])
  expect(given.user).toEqual({ id: userMessageId, content: "And now?" })
})
