/** Each real agent server plays the same scenarios: readers get the same story, under the same fallback rules. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, eventually, type Frame, ofType, textOf, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { type RealRuntime, realRuntimes, type Scenario } from "./RealRuntimes.ts"

const useRuntime = (runtime: RealRuntime) => {
  const folder = temporaryFolder()
  const its = { client: undefined as unknown as Client, server: undefined as unknown as Running }
  let model: Model | undefined
  let gateway: Running | undefined
  beforeAll(async () => {
    model = await startModel()
    its.server = await runtime.start()
    gateway = await startGateway({
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      // These tests consist of consecutive faults: the breaker must not open.
      CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "100000",
      CHAT_RUNTIME_PROBES: "false",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", model.url),
      ...runtime.env(its.server.url),
    })
    its.client = new Client(gateway.url, await tokenFor())
  }, 90_000)
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    await its.server.stop("SIGKILL")
    await model?.stop()
    folder.dispose()
  })
  return its
}

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

describe.each(realRuntimes.map((runtime) => [runtime.name, runtime] as const))("%s", (_, runtime) => {
  const its = useRuntime(runtime)
  const plays = (scenario: Scenario) => runtime.says[scenario] !== undefined
  const say = (scenario: Scenario): string => runtime.says[scenario] ?? ""
  const ask = async (scenario: Scenario) => (await its.client.start(say(scenario))).rest()

  it.runIf(plays("text"))("answers with text", async () => {
    const frames = await ask("text")
    expect(storyOf(frames)).toEqual(["text", "done"])
    expect(textOf(frames).length).toBeGreaterThan(10)
    expect(doneOf(frames)).toMatchObject({ executionMode: "runtime_orchestrator", finishReason: "stop" })
  })

  it.runIf(plays("reasoning"))("shows the reasoning apart from the answer", async () => {
    const frames = await ask("reasoning")
    const thought = ofType(frames, "thinking").map(({ data }) => data.data.content)
    expect(thought.join("").length).toBeGreaterThan(5)
    expect(textOf(frames)).not.toContain(thought.join(""))
    doneOf(frames)
  })

  it.runIf(plays("tool"))("shows a tool with its arguments and its result", async () => {
    const frames = await ask("tool")
    const [call] = callsOf(frames)
    expect(Object.keys(call?.arguments)).toHaveLength(1)
    expect(call?.result).toMatchObject({ success: true })
    expect(storyOf(frames)).toEqual(["tool_call", "tool_result", "text", "done"])
  })

  it.runIf(plays("failingTool"))(
    "shows that a tool failed without its words, and the agent continues",
    async () => {
      const frames = await ask("failingTool")
      const [call] = callsOf(frames)
      expect(call?.result).toMatchObject({ success: false, result: null, error: "The tool failed." })
      expect(JSON.stringify(frames)).not.toMatch(/secret|password|not today|scenario error/)
      doneOf(frames)
    },
  )

  it.runIf(plays("parallelTools"))("pairs each result of parallel tools with its call", async () => {
    const frames = await ask("parallelTools")
    const calls = callsOf(frames)
    expect(calls.map((call) => call.arguments)).toEqual([{ city: "Paris" }, { city: "Rome" }])
    for (const call of calls) expect(JSON.stringify(call.result)).toContain(call.arguments.city)
    doneOf(frames)
  })

  it.runIf(plays("errorBefore"))("falls back when it fails before its answer", async () => {
    const frames = await ask("errorBefore")
    expect(storyOf(frames)).toEqual(["fallback", "text", "done"])
    expect(textOf(frames)).toBe("direct answer")
    expect(JSON.stringify(frames)).not.toMatch(/secret|sk-canary|refused/)
  })

  it.runIf(plays("errorMiddle"))(
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

  it.runIf(plays("interrupt"))("asks before a call, and continues after the approval", async () => {
    const stream = await its.client.start(say("interrupt"))
    const asked = await stream.rest()
    expect(doneOf(asked)).toMatchObject({ finishReason: "interrupt" })
    const [question] = ofType(asked, "interrupt")
    expect(JSON.stringify(question?.data.data)).toContain("/x")
    const resumed = await its.client.stream("POST", `/api/v1/chat/sessions/${stream.sessionId}/resume`, {
      interruptId: question?.data.data.interruptId,
      payload: { approved: true },
    })
    const answered = await resumed.rest()
    expect(doneOf(answered)).toMatchObject({ finishReason: "stop", executionMode: "runtime_orchestrator" })
    expect(textOf(answered)).toMatch(/done/)
    const next = await (await its.client.send(stream.sessionId, say("text"))).rest()
    expect(doneOf(next)).toMatchObject({ finishReason: "stop" })
  })

  it.runIf(plays("tool"))(
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

  it.runIf(plays("slow"))("ends a cancelled run", async () => {
    const stream = await its.client.start(say("slow"))
    await stream.until(({ data, event }) => event === "message" && data.type === "text")
    await its.client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    const frames = await stream.rest()
    expect(frames.at(-1)).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
    const next = await (await its.client.send(stream.sessionId, say("text"))).rest()
    expect(doneOf(next)).toMatchObject({ executionMode: "runtime_orchestrator" })
  })

  // Last, because it ends the server.
  it.runIf(plays("slow"))("falls back when it is killed in the middle of its text", async () => {
    const stream = await its.client.start(say("slow"))
    await stream.until(({ data, event }) => event === "message" && data.type === "text")
    await its.server.stop("SIGKILL")
    await eventually(() => Promise.resolve(!its.server.isAlive()))
    const frames = await stream.rest()
    expect(storyOf(frames).slice(-4)).toEqual(["retract", "fallback", "text", "done"])
    expect(textOf(frames)).toMatch(/direct answer$/)
  })
})
