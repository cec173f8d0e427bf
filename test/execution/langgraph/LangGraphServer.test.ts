/** The LangGraph wire at LangGraph's own server. Each test has a session of its own. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SessionId } from "../../../src/domain/Ids.ts"
import type { Executor, Turn } from "../../../src/execution/Executor.ts"
import { startLangGraph } from "../../support/langGraphServer.ts"
import type { Running } from "../../support/processes.ts"
import { directAnswer, layerAt, newTurn, pastAfter, play, type Played, runsAt } from "./langGraphTurn.ts"

let server: Running
beforeAll(async () => {
  server = await startLangGraph()
}, 90_000)
afterAll(() => server?.stop())

const at = <A>(effect: Effect.Effect<A, never, Executor>, agent?: string): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, layerAt(server.url, agent)))

const session = () => ({ sessionId: SessionId.make(crypto.randomUUID()) })

const say = (message: string, fields: Partial<Turn> = session()) => at(play(newTurn(message, fields)))

/** The next turn of the same session. */
const sayAfter = (before: Played, message: string, fields: Partial<Turn> = {}) =>
  say(message, { sessionId: before.turn.sessionId, past: pastAfter(before), ...fields })

const types = ({ drafts }: Played) => drafts.map(({ type }) => type)

const statusOf = async (path: string): Promise<number> => {
  const response = await fetch(`${server.url}${path}`)
  await response.body?.cancel()
  return response.status
}

const runsOf = (thread: string) => runsAt(server.url, thread)

describe.concurrent("an answer of a LangGraph server", () => {
  it("shows streamed text once, with the tokens of the model", async () => {
    const played = await say("TEXT")
    assert.isUndefined(played.error)
    assert.strictEqual(played.text, "Hello from a real langgraph agent. ")
    assert.strictEqual(new Set(types(played)).size, 1)
    assert.deepStrictEqual(played.finished?.usage, { tokens: 18, inputTokens: 11, outputTokens: 7 })
  })

  it("shows reasoning as thinking", async () => {
    const played = await say("REASON")
    assert.deepStrictEqual(types(played), ["thinking", "thinking", "text"])
    assert.strictEqual(played.text, "Answer after thinking.")
  })

  it("shows a message that no model streamed once", async () => {
    const played = await say("WHOLE")
    assert.deepStrictEqual(types(played), ["text"])
    assert.strictEqual(played.text, "Not streamed, 1 questions.")
  })

  it("shows a call with all its arguments, then its result, then the answer", async () => {
    const played = await say("TOOL")
    const [call, result] = played.drafts
    assert.deepStrictEqual(call, {
      type: "tool_call",
      data: { toolName: "get_weather", arguments: { city: "Paris" }, status: "calling" },
      metadata: { callId: "tc-1" },
    })
    assert.deepInclude(result, { type: "tool_result", metadata: { callId: "tc-1" } })
    assert.strictEqual(played.drafts.filter(({ type }) => type === "tool_result").length, 1)
    assert.include(played.text, "It is done.")
  })

  it("shows each of two parallel calls with its own result", async () => {
    const played = await say("TOOL2")
    const calls = played.drafts.flatMap(({ metadata, type }) =>
      type === "tool_call" || type === "tool_result" ? [`${type} ${metadata?.callId}`] : [],
    )
    assert.sameMembers(calls, ["tool_call tc-1", "tool_call tc-2", "tool_result tc-1", "tool_result tc-2"])
  })

  it("does not show the error text of a tool that the agent survives", async () => {
    const played = await say("SOFTTOOL")
    const result = played.drafts.find(({ type }) => type === "tool_result")
    assert.deepInclude(result?.data, { success: false, result: null, error: "The tool failed." })
    assert.notInclude(JSON.stringify(played.events), "hunter2")
    assert.include(played.text, "It is done.")
  })

  it("fails after a call whose tool ends the run", async () => {
    const played = await say("BADTOOL")
    assert.deepStrictEqual(types(played), ["tool_call"])
    assert.strictEqual(played.error?._tag, "UpstreamFailed")
  })

  it("fails before anything is shown", async () => {
    const played = await say("ERR0")
    assert.deepStrictEqual(played.events, [])
    assert.deepInclude({ ...played.error }, { _tag: "UpstreamFailed", detail: "RuntimeError" })
  })

  it("fails in the middle of the text", async () => {
    const played = await say("ERRMID")
    assert.strictEqual(played.text, "Hello from a ")
    assert.strictEqual(played.error?._tag, "UpstreamFailed")
    assert.isUndefined(played.finished)
  })

  it("passes on a custom event that is a draft of the protocol, and no other", async () => {
    const played = await say("CUSTOM")
    assert.deepStrictEqual(
      played.drafts.filter(({ type }) => type !== "text").map(({ data }) => data),
      [{ current: 1, total: 2, percentage: 50, label: "Half" }],
    )
  })

  it("shows the text of a model within a tool as thinking of that call", async () => {
    const played = await say("INNER")
    assert.strictEqual(played.text.trim(), "It is done.")
    const inner = played.drafts.filter(({ type }) => type === "thinking")
    assert.deepStrictEqual(new Set(inner.map(({ metadata }) => metadata?.callId)), new Set(["tc-i"]))
  })

  it("shows the text of a subgraph as thinking, and the graph's own message as the answer", async () => {
    const played = await at(play(newTurn("Ask the team", session())), "team")
    assert.strictEqual(played.text, "The team found: Hello from a real langgraph agent.")
    assert.include(types(played), "thinking")
  })

  it("refuses an unknown assistant as a wrong setting", async () => {
    const played = await at(play(newTurn("TEXT", session())), "nope")
    assert.deepInclude({ ...played.error }, { _tag: "UpstreamMisconfigured", status: 422 })
  })
})

describe.concurrent("a later turn at a LangGraph server", () => {
  it("sends only the new message, in the second and in the third turn", async () => {
    const first = await say("TEXT")
    const second = await sayAfter(first, "TEXT")
    const third = await sayAfter(second, "HISTORY")
    const hello = "Hello from a real langgraph agent. "
    assert.strictEqual(third.text, `human: TEXT | ai: ${hello} | human: TEXT | ai: ${hello} | human: HISTORY`)
    assert.strictEqual((await runsOf(first.turn.sessionId)).length, 3)
  })

  it("also sends the messages that direct mode answered, once", async () => {
    const first = await say("TEXT")
    const past = [...pastAfter(first), ...directAnswer("By direct?", "Yes.")]
    const second = await sayAfter(first, "HISTORY", { past })
    assert.include(second.text, "human: By direct? | ai: Yes. | human: HISTORY")
    const third = await sayAfter(second, "HISTORY")
    assert.strictEqual(third.text.split("By direct?").length, 3)
  })

  it("answers a branch from the state before it", async () => {
    const first = await say("TEXT")
    const second = await sayAfter(first, "Remember the number 7")
    assert.isUndefined(second.error)
    const branch = await sayAfter(first, "HISTORY")
    assert.strictEqual(branch.text, "human: TEXT | ai: Hello from a real langgraph agent.  | human: HISTORY")
  })

  it("answers another first message on a thread of its own", async () => {
    const first = await say("TEXT")
    const again = await say("HISTORY", { sessionId: first.turn.sessionId })
    assert.strictEqual(again.text, "human: HISTORY")
    assert.strictEqual((await runsOf(first.turn.sessionId)).length, 1)
  })

  it("leaves a turn that failed in the middle out of the state", async () => {
    const first = await say("TEXT")
    const failed = await sayAfter(first, "ERRMID")
    assert.isDefined(failed.error)
    const second = await sayAfter(first, "HISTORY")
    assert.notInclude(second.text, "ERRMID")
  })

  it("sends the whole history if the server has lost the thread", async () => {
    const first = await say("TEXT")
    await fetch(`${server.url}/threads/${first.turn.sessionId}`, { method: "DELETE" })
    const second = await sayAfter(first, "HISTORY")
    assert.strictEqual(second.text, "human: TEXT | ai: Hello from a real langgraph agent.  | human: HISTORY")
  })

  it("deletes the thread of a shadow", async () => {
    const shadow = newTurn("TEXT", { ...session(), shadow: true })
    await at(
      Effect.gen(function* () {
        assert.isUndefined((yield* play(shadow)).error)
        yield* Effect.promise(() => until(async () => (await statusOf(`/threads/${shadow.runId}`)) === 404))
      }),
    )
    assert.strictEqual(await statusOf(`/threads/${shadow.sessionId}`), 404)
  })
})

const until = async (isSo: () => Promise<boolean>) => {
  while (!(await isSo())) await new Promise((resolved) => setTimeout(resolved, 20))
}

describe.concurrent("an interrupt at a LangGraph server", () => {
  const resume = (
    before: Played,
    ...payloads: ReadonlyArray<string | boolean | null | Record<string, boolean>>
  ) => {
    const answers = before.interrupts
      .slice(0, payloads.length)
      .map(({ interruptId }, index) => ({ interruptId, payload: payloads[index]! }))
    return sayAfter(before, "answered", { resume: { interrupts: before.interrupts, answers } })
  }
  const tools = ({ drafts }: Played) =>
    drafts.flatMap((draft) => (draft.type === "tool_result" ? [draft.data.result] : []))

  it("ends the turn with the question and the waiting call", async () => {
    const asked = await say("APPROVE")
    assert.isUndefined(asked.error)
    assert.strictEqual(asked.finished?.finishReason, "interrupt")
    const [interrupt] = asked.interrupts
    assert.deepInclude(interrupt, {
      reason: "langgraph:interrupt",
      message: "delete /x?",
      toolName: "delete_file",
      arguments: { path: "/x" },
      payload: { question: "delete /x?", path: "/x" },
    })
    assert.strictEqual(asked.drafts.at(-1)?.metadata?.callId, "tc-del")
  })

  it.each([
    [{ approved: true }, "{'approved': True}"],
    [false, "False"],
    [null, "None"],
    [{}, "{}"],
    ["no", "no"],
  ])("resumes with the payload %j", async (payload, seen) => {
    const resumed = await resume(await say("APPROVE"), payload)
    assert.deepStrictEqual(tools(resumed), [`answer /x: ${seen}`])
    assert.include(resumed.text, "It is done.")
    assert.strictEqual(resumed.finished?.finishReason ?? "stop", "stop")
  })

  it("resumes two interrupts at once", async () => {
    const asked = await say("APPROVE2")
    assert.strictEqual(asked.interrupts.length, 2)
    const resumed = await resume(asked, true, false)
    assert.sameMembers([...tools(resumed)], ["answer /x: True", "answer /y: False"])
    assert.include(resumed.text, "It is done.")
  })

  it("asks the second question again if only the first is answered", async () => {
    const asked = await say("APPROVE2")
    const once = await resume(asked, true)
    assert.deepStrictEqual(
      once.interrupts.map(({ message }) => message),
      ["delete /y?"],
    )
    const twice = await resume(once, false)
    assert.deepStrictEqual(tools(twice), ["answer /y: False"])
    assert.include(twice.text, "It is done.")
  })

  it("asks again instead of using the first answer for a second one", async () => {
    const asked = await say("APPROVE")
    await resume(asked, true)
    const again = await resume(asked, false)
    assert.deepStrictEqual(tools(again), [])
    assert.strictEqual(again.interrupts.length, 1)
    assert.deepStrictEqual(tools(await resume(again, false)), ["answer /x: False"])
  })

  it("does not take a plain message as an answer", async () => {
    const asked = await say("APPROVE")
    const { interrupts } = asked
    const next = await sayAfter(asked, "HISTORY", { resume: { interrupts, answers: undefined } })
    assert.match(
      next.text,
      /^human: APPROVE \| ai: {2}\| tool: .* the call was not made\. \| human: HISTORY$/,
    )
  })

  it("fails if the server has lost the thread of the question", async () => {
    const asked = await say("APPROVE")
    await fetch(`${server.url}/threads/${asked.turn.sessionId}`, { method: "DELETE" })
    assert.deepInclude({ ...(await resume(asked, true)).error }, { _tag: "UpstreamRejected", status: 404 })
  })
})
