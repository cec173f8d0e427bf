/** The wire against real servers on loopback: pydantic-ai, and ag-ui-langgraph with its two forms of interrupts. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { SessionId } from "../../../src/domain/Ids.ts"
import { turn } from "../../support/fixtures.ts"
import { agUiPaths, startAgUiAgents } from "../../support/agUiAgents.ts"
import type { Running } from "../../support/processes.ts"
import { AgUiSession, execute, interruptsOf, ofType } from "./conversation.ts"

let agents: Running

beforeAll(async () => {
  agents = await startAgUiAgents()
}, 90_000)

afterAll(() => agents.stop("SIGKILL"))

const toolFailed = "The tool failed."
const hidden = "secret-host-7"

const json = async (path: string) => (await fetch(`${agents.url}${path}`)).json()

/** The last request of a session as the server got it. */
const requestOf = async (sessionId: string) =>
  (await json(`/requests/${sessionId}`)) as { body: object; headers: Readonly<Record<string, string>> }

describe.each(agUiPaths)("%s", (path) => {
  const isLangGraph = path !== "/pydantic-ai"
  const session = (history: "full" | "last" = "full") => new AgUiSession(`${agents.url}${path}`, history)

  it("streams the text of an answer", async () => {
    const answered = await session().send("Hello")
    expect(answered.error).toBeUndefined()
    expect(answered.text.trim()).toBe(
      isLangGraph ? "Hello from a real langgraph agent." : "Hello from a real pydantic-ai agent.",
    )
    expect(ofType(answered.drafts, "text").length).toBeGreaterThan(3)
    expect(answered.finished?.finishReason).toBeUndefined()
  })

  it("shows reasoning as thinking", async () => {
    const { drafts, text } = await session().send("REASON")
    expect(
      ofType(drafts, "thinking")
        .map(({ content }) => content)
        .join(""),
    ).toContain("Let me think.")
    expect(text).toBe("Answer after thinking.")
  })

  it.each(["TOOL", "TOOL ARGSFIRST"])("shows a call and its result: %s", async (message) => {
    const { drafts, text } = await session().send(message)
    expect(ofType(drafts, "tool_call")).toEqual([
      { toolName: "get_weather", arguments: { city: "Paris" }, status: "calling" },
    ])
    expect(ofType(drafts, "tool_result")).toEqual([
      { toolName: "get_weather", result: { city: "Paris", sky: "clear" }, success: true },
    ])
    expect(text).toBe("It is done.")
  })

  it("pairs the results of parallel calls", async () => {
    const { drafts, text } = await session().send("TOOL2")
    const calls = drafts.filter(({ type }) => type === "tool_call" || type === "tool_result")
    expect(calls.map(({ metadata, type }) => `${type} ${metadata?.callId}`).toSorted()).toEqual([
      "tool_call tc-a",
      "tool_call tc-b",
      "tool_result tc-a",
      "tool_result tc-b",
    ])
    expect(text).toBe("Two calls: It is done.")
  })

  it("shows a failed tool without its text, before the answer continues", async () => {
    const { drafts, error, text } = await session().send("RETRYTOOL")
    expect(error).toBeUndefined()
    expect(text).toBe("It is done.")
    expect(ofType(drafts, "tool_result")).toEqual([
      { toolName: "refuse", result: null, success: false, error: toolFailed },
    ])
    const types = drafts.map(({ type }) => type)
    expect(types.indexOf("tool_result")).toBeLessThan(types.indexOf("text"))
    expect(JSON.stringify(drafts)).not.toContain(hidden)
  })

  it.each([
    ["ERR0", ""],
    ["ERRMID", "Hello from a "],
    ["BADTOOL", ""],
  ])("fails with the run's error: %s", async (message, text) => {
    const answered = await session().send(message)
    expect(answered.error).toMatchObject({ _tag: "UpstreamFailed", code: "" })
    expect(answered.text).toBe(text)
    expect(answered.finished).toBeUndefined()
    expect(JSON.stringify(answered.drafts)).not.toContain(hidden)
    expect(ofType(answered.drafts, "tool_call")).toHaveLength(message === "BADTOOL" ? 1 : 0)
  })

  it.each([
    ["full", "TOOL"],
    ["full", "Hello"],
    ["full", "REASON"],
    ["last", "TOOL"],
  ] as const)("keeps each message once over three turns: %s history, %s", async (history, message) => {
    if (history === "last" && !isLangGraph) return
    const conversation = session(history)
    await conversation.send(message)
    await conversation.send("Hello")
    const { text } = await conversation.send("HISTORY")
    const called = isLangGraph ? "ai,tool,ai" : "tool-call,tool-return,text"
    const first = message === "TOOL" ? called : isLangGraph ? "ai" : "text"
    const [user, answer] = isLangGraph ? ["human", "ai"] : ["user-prompt", "text"]
    const expected = `${user},${first},${user},${answer},${user}`
    expect(text.replaceAll(/system(?:-prompt)?,/g, "")).toBe(expected)
  })

  it("sends a direct answer of the session once", async () => {
    const conversation = session()
    await conversation.send("Hello")
    conversation.addDirect("And directly?", "A direct answer.")
    await conversation.send("Hello")
    const { text } = await conversation.send("HISTORY")
    const pair = isLangGraph ? "human,ai," : "user-prompt,text,"
    expect(text.replaceAll(/system(?:-prompt)?,/g, "")).toBe(
      `${pair.repeat(3)}${isLangGraph ? "human" : "user-prompt"}`,
    )
  })

  it("asks once, and continues after the answer", async () => {
    const conversation = session()
    const asked = await conversation.send("APPROVE")
    expect(asked.finished?.finishReason).toBe("interrupt")
    const [interrupt, ...others] = interruptsOf(asked.drafts)
    expect(others).toEqual([])
    expect(interrupt).toMatchObject({ toolName: "delete_file", arguments: { path: "/x" } })
    expect(interrupt?.message).toMatch(/delete/i)
    const answered = await conversation.send("", {
      answers: [{ interruptId: interrupt!.interruptId, payload: { approved: true } }],
    })
    expect(answered.error).toBeUndefined()
    expect(answered.text).toBe("It is done.")
    expect(ofType(answered.drafts, "tool_result")).toEqual([
      {
        toolName: "delete_file",
        result: isLangGraph ? "answer {'approved': True}" : "deleted /x",
        success: true,
      },
    ])
    expect(answered.finished?.finishReason).toBeUndefined()
    const { text } = await conversation.send("HISTORY")
    expect(text.replaceAll(/system(?:-prompt)?,/g, "")).toBe(
      isLangGraph ? "human,ai,tool,ai,human" : "user-prompt,tool-call,tool-return,text,user-prompt",
    )
  })

  it("never approves by a plain message", async () => {
    const conversation = session()
    await conversation.send("APPROVE")
    const answered = await conversation.send("Better not.")
    expect(answered.error).toBeUndefined()
    const [result] = ofType(answered.drafts, "tool_result")
    expect(result).toMatchObject(
      isLangGraph ? { result: "answer Better not.", success: true } : { success: false, error: toolFailed },
    )
  })

  it("sends the headers, the thread, and the version", async () => {
    const conversation = session()
    await conversation.send("Hello")
    const { body, headers } = await requestOf(conversation.sessionId)
    expect(headers).toMatchObject({ authorization: "Bearer agent-key", "x-request-id": "req-1" })
    expect(body).toMatchObject({ threadId: conversation.sessionId, protocolVersion: "1.0", tools: [] })
  })
})

// A graph of LangGraph runs on after its client has left; an agent of pydantic-ai stops.
it("stops the agent when the turn is cancelled", async () => {
  await execute(
    `${agents.url}/pydantic-ai`,
    turn({ message: "SLOW", sessionId: SessionId.make(crypto.randomUUID()) }),
  ).pipe(
    Stream.filter((event) => event._tag === "Message" && event.draft.type === "text"),
    Stream.take(2),
    Stream.runDrain,
    Effect.runPromise,
  )
  await expect.poll(() => json("/slow"), { timeout: 10_000 }).toEqual({ running: 0, left: 1 })
})

it("fails as truncated when the server dies in the middle", async () => {
  const mortal = await startAgUiAgents()
  const conversation = new AgUiSession(`${mortal.url}/langgraph`)
  const running = conversation.send("SLOW")
  await expect
    .poll(async () => (await fetch(`${mortal.url}/slow`)).json(), { timeout: 20_000 })
    .toMatchObject({ running: 1 })
  await mortal.stop("SIGKILL")
  const answered = await running
  expect(answered.error?._tag).toBe("UpstreamTruncated")
  expect(answered.finished).toBeUndefined()
}, 120_000)
