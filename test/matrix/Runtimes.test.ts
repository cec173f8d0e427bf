/** Each real agent server plays the same scenarios: readers get the same story, under the same fallback rules. */
import { describe, expect, it } from "vitest"
import { eventually, type Frame, ofType, textOf } from "../support/chatClient.ts"
import { realRuntimes, type Scenario } from "./RealRuntimes.ts"
import { useRuntime } from "./useRuntime.ts"

/** The story without the texts: the types in order, each run of one type once. */
const storyOf = (frames: ReadonlyArray<Frame>): ReadonlyArray<string> =>
  frames
    .map(({ data, event }) => (event === "message" ? String(data.type) : event))
    .filter((type) => !["thinking", "plan", "plan_step"].includes(type))
    .filter((type, index, all) => type !== all[index - 1])

const callsOf = (frames: ReadonlyArray<Frame>) =>
  ofType(frames, "tool_call").map(({ data }) => {
    const result = ofType(frames, "tool_result").find(
      (other) => other.data.metadata?.callId === data.metadata?.callId,
    )
    return { name: data.data.toolName, arguments: data.data.arguments, result: result?.data.data }
  })

const doneOf = (frames: ReadonlyArray<Frame>) => {
  const last = frames.at(-1)
  expect(last).toMatchObject({ event: "done" })
  return last?.data
}

/** True for the words of each server's tool after an approval. */
const isApproved = (frames: ReadonlyArray<Frame>): boolean =>
  /deleted \/x|'approved': True/.test(textOf(frames) + JSON.stringify(frames))

describe.each(realRuntimes.map((runtime) => [runtime.name, runtime] as const))("%s", (_, runtime) => {
  const its = useRuntime(runtime)
  /** The scenario, if the server can play it. */
  const playing = (scenario: Scenario) => (runtime.says[scenario] === undefined ? [] : [scenario])
  const say = (scenario: Scenario): string => runtime.says[scenario] ?? ""
  const ask = async (scenario: Scenario) => (await its.client.start(say(scenario))).rest()

  it.each(playing("text"))("answers with text", async () => {
    const frames = await ask("text")
    expect(storyOf(frames)).toEqual(["text", "done"])
    expect(textOf(frames).length).toBeGreaterThan(10)
    expect(doneOf(frames)).toMatchObject({ executionMode: "runtime_orchestrator", finishReason: "stop" })
  })

  it.each(playing("reasoning"))("shows the reasoning apart from the answer", async () => {
    const frames = await ask("reasoning")
    const thought = ofType(frames, "thinking").map(({ data }) => data.data.content)
    expect(thought.join("").length).toBeGreaterThan(5)
    expect(textOf(frames)).not.toContain(thought.join(""))
    doneOf(frames)
  })

  it.each(playing("tool"))("shows a tool with its arguments and its result", async () => {
    const frames = await ask("tool")
    const [call] = callsOf(frames)
    expect(Object.keys(call?.arguments)).toHaveLength(1)
    expect(call?.result).toMatchObject({ success: true })
    expect(storyOf(frames)).toEqual(["tool_call", "tool_result", "text", "done"])
  })

  it.each(playing("failingTool"))(
    "shows that a tool failed without its words, and the agent continues",
    async () => {
      const frames = await ask("failingTool")
      const [call] = callsOf(frames)
      expect(call?.result).toMatchObject({ success: false, result: null, error: "The tool failed." })
      expect(JSON.stringify(frames)).not.toMatch(/secret|password|not today|scenario error/)
      doneOf(frames)
    },
  )

  it.each(playing("parallelTools"))("pairs each result of parallel tools with its call", async () => {
    const frames = await ask("parallelTools")
    const calls = callsOf(frames)
    expect(calls.map((call) => call.arguments)).toEqual([{ city: "Paris" }, { city: "Rome" }])
    for (const call of calls) expect(JSON.stringify(call.result)).toContain(call.arguments.city)
    doneOf(frames)
  })

  it.each(playing("errorBefore"))("falls back when it fails before its answer", async () => {
    const frames = await ask("errorBefore")
    expect(storyOf(frames)).toEqual(["fallback", "text", "done"])
    expect(textOf(frames)).toBe("direct answer")
    expect(JSON.stringify(frames)).not.toMatch(/secret|sk-canary|refused/)
  })

  it.each(playing("errorMiddle"))(
    "takes its text back and falls back when it fails in the middle",
    async () => {
      const frames = await ask("errorMiddle")
      expect(storyOf(frames)).toEqual(["text", "retract", "fallback", "text", "done"])
      const [retract] = ofType(frames, "retract")
      const last = frames.filter(({ seq = 0 }) => seq > (retract?.data.data.toSeq ?? 0))
      expect(textOf(last)).toBe("direct answer")
      expect(JSON.stringify(frames)).not.toMatch(/secret|sk-canary|exploded/)
    },
  )

  const interrupted = async () => {
    const stream = await its.client.start(say("interrupt"))
    const asked = await stream.rest()
    expect(doneOf(asked)).toMatchObject({ finishReason: "interrupt" })
    const [question] = ofType(asked, "interrupt")
    expect(JSON.stringify(question?.data.data)).toContain("/x")
    return { sessionId: stream.sessionId, interruptId: question?.data.data.interruptId }
  }

  /** The session continues at the runtime, and the call is not made later. */
  const expectAnswered = async (sessionId: string, answered: ReadonlyArray<Frame>) => {
    const atRuntime = { finishReason: "stop", executionMode: "runtime_orchestrator" }
    expect(doneOf(answered)).toMatchObject(atRuntime)
    const next = await (await its.client.send(sessionId, say("text"))).rest()
    expect(doneOf(next)).toMatchObject(atRuntime)
    expect(isApproved(next)).toBe(false)
  }

  it.each(playing("interrupt").flatMap(() => [true, false]))(
    "asks before a call, and continues after the answer that approved is %s",
    async (approved) => {
      const { interruptId, sessionId } = await interrupted()
      const path = `/api/v1/chat/sessions/${sessionId}/resume`
      const resumed = await its.client.stream("POST", path, { interruptId, payload: { approved } })
      const answered = await resumed.rest()
      expect(isApproved(answered)).toBe(approved)
      expect(textOf(answered)).toMatch(/done/)
      await expectAnswered(sessionId, answered)
    },
  )

  it.each(playing("interrupt"))("takes no plain message for an approval", async () => {
    const { sessionId } = await interrupted()
    const answered = await (await its.client.send(sessionId, say("text"))).rest()
    expect(isApproved(answered)).toBe(false)
    expect(textOf(answered)).not.toBe("")
    await expectAnswered(sessionId, answered)
  })

  it.each(playing("history"))("sends nothing twice in the third turn of a session", async () => {
    const stream = await its.client.start(say("tool"))
    await stream.rest()
    await (await its.client.send(stream.sessionId, say("text"))).rest()
    const frames = await (await its.client.send(stream.sessionId, say("history"))).rest()
    // Some servers list the messages with their texts.
    const messages = textOf(frames).split(/,| \| /)
    const kinds = messages.flatMap((message) => /^[a-z-]+(?=:|$)/.exec(message.trim()) ?? [])
    expect(kinds).toEqual(runtime.history)
  })

  it.each(playing("tool"))(
    "answers the second and third turn of a session, after a turn with a tool",
    async () => {
      const stream = await its.client.start(say("tool"))
      await stream.rest()
      for (const scenario of ["text", "tool"] as const) {
        const frames = await (await its.client.send(stream.sessionId, say(scenario))).rest()
        expect(doneOf(frames)).toMatchObject({ executionMode: "runtime_orchestrator" })
        expect(storyOf(frames).filter((type) => type === "text")).toHaveLength(1)
      }
    },
  )

  it.each(playing("slow"))("ends a cancelled run", async () => {
    const stream = await its.client.start(say("slow"))
    await stream.until(({ data, event }) => event === "message" && data.type === "text")
    await its.client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    const frames = await stream.rest()
    expect(frames.at(-1)).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
    const next = await (await its.client.send(stream.sessionId, say("text"))).rest()
    expect(doneOf(next)).toMatchObject({ executionMode: "runtime_orchestrator" })
  })

  // Last, because it ends the server.
  it.each(playing("slow"))("falls back when it is killed in the middle of its text", async () => {
    const stream = await its.client.start(say("slow"))
    await stream.until(({ data, event }) => event === "message" && data.type === "text")
    await its.server.stop("SIGKILL")
    await eventually(() => Promise.resolve(!its.server.isAlive()))
    const frames = await stream.rest()
    expect(storyOf(frames).slice(-4)).toEqual(["retract", "fallback", "text", "done"])
    expect(textOf(frames)).toMatch(/direct answer$/)
  })
})
