import { describe, expect, it } from "vitest"
import { Client, ofType, tokenFor } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { startGateway, startPython, temporaryFolder } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

/** A runtime per test, because each test kills it. */
const withFreshRuntime = async (
  use: (client: Client, runtime: Awaited<ReturnType<typeof startPython>>) => Promise<void>,
) => {
  const folder = temporaryFolder()
  const model = await startModel()
  const runtime = await startPython()
  const gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "runtime_orchestrator",
    RUNTIME_SERVICE_URL: runtime.url,
    DIRECT_LLM_PROVIDERS: "a",
    ...providerEnv("a", model.url),
  })
  try {
    await use(new Client(gateway.url, await tokenFor()), runtime)
  } finally {
    await gateway.stop("SIGKILL")
    await runtime.stop("SIGKILL")
    await model.stop()
    folder.dispose()
  }
}

describe("a runtime process that dies", () => {
  it("before the first content: the same response ends in done from direct mode, after one fallback", () =>
    withFreshRuntime(async (client, runtime) => {
      const stream = await client.start({ scenario: "crash", after: "thinking" })
      const frames = await stream.rest()
      expect(await runtime.exited).not.toBe(0)
      expect(stream.response.headers.get("x-execution-mode")).toBe("runtime_orchestrator")
      expect(ofType(frames, "fallback")).toHaveLength(1)
      expect(ofType(frames, "fallback")[0]?.data.data).toMatchObject({
        from: "runtime_orchestrator",
        to: "direct_llm",
      })
      expect(frames.filter((frame) => frame.event !== "message")).toMatchObject([
        { event: "done", data: { executionMode: "direct_llm" } },
      ])
      const next = await (await client.send(stream.sessionId, "and now?")).rest()
      expect(next.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
    }))

  it("after a tool call: one error that names the tool call, nothing run twice, no answer", () =>
    withFreshRuntime(async (client) => {
      const stream = await client.start({ scenario: "crash", after: "tool_call" })
      const frames = await stream.rest()
      expect(frames.filter((frame) => frame.event !== "message")).toMatchObject([
        { event: "error", data: { stepId: "s1", callId: "call-1" } },
      ])
      expect(ofType(frames, "tool_call")).toHaveLength(1)
      const session = await client.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)
      expect(session.data.messages).toMatchObject([
        { role: "user" },
        { role: "assistant", content: "", status: "failed" },
      ])
    }))
})

describe("two failing modes", () => {
  const world = useWorld()

  it("fault 4: one error, no done, and a message of the failed turn without text", async () => {
    world.model.answers.push({ kind: "status", status: 500 }, { kind: "status", status: 500 })
    const stream = await world.client.start({ scenario: "error", code: "INTERNAL_ERROR", httpStatus: 500 })
    const frames = await stream.rest()
    expect(frames.filter((frame) => frame.event !== "message")).toMatchObject([
      { event: "error", data: { code: "UPSTREAM_UNAVAILABLE", recoverable: true, runId: stream.runId } },
    ])
    expect(await world.messages(stream.sessionId)).toMatchObject([
      { role: "user" },
      { role: "assistant", status: "failed" },
    ])
    const replay = await (await world.client.events(stream.runId)).rest()
    expect(replay).toEqual(frames)
  })
})

describe("the runtime without direct mode", () => {
  const world = useWorld({}, { direct: false })

  it("fault 4: ends the stream of a failed execution with the runtime's own code and place in the trace", async () => {
    const scenario = {
      scenario: "error",
      after_text: 2,
      code: "EXTERNAL_TOOL_TIMEOUT",
      httpStatus: 504,
      traceId: "t-1",
    }
    const stream = await world.client.start(scenario)
    const frames = await stream.rest()
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { code: "EXTERNAL_TOOL_TIMEOUT", httpStatus: 504, traceId: "t-1", runId: stream.runId },
    })
    expect(await world.messages(stream.sessionId)).toMatchObject([
      { role: "user" },
      { role: "assistant", status: "failed" },
    ])
  })
})
