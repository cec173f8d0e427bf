/** Valid answers of each wire, from which mutations begin. */
import { agUiEvent, runtimeEvent, type WireKind, wires } from "../wires/Wires.ts"

export const bytesOf = (text: string): Uint8Array => Buffer.from(text)

const call = (kind: string, fields: object): string =>
  runtimeEvent(`${kind}_call_start`, { ...fields, arguments: { a: [1, "é"] } }) +
  runtimeEvent(`${kind}_call_complete`, {
    ...fields,
    result: { b: null },
    success: true,
    error: null,
    duration: 3,
  })

/** Every event of the runtime's wire. */
const runtimeEvents: ReadonlyArray<string> = [
  runtimeEvent("plan_created", { steps: [{ id: "s1", title: "One" }] }),
  runtimeEvent("plan_step_start", { step_id: "s1", title: "One", tool: null, params: {} }),
  call("tool", { tool_name: "t" }),
  call("skill", { tool_name: "t", skill_id: "k", skill_name: "K" }),
  call("mcp", { tool_name: "t", server_id: "m" }),
  runtimeEvent("plan_step_complete", { step_id: "s1", title: "One", result: 1, duration_ms: 2 }),
  runtimeEvent("plan_step_failed", { step_id: "s1", title: "One", error: "no" }),
  runtimeEvent("file_created", {
    file_id: "f",
    filename: "f.csv",
    mime_type: "text/csv",
    size: 1,
    url: "/files/f",
  }),
  runtimeEvent("execution_error", { error: "no", code: "INTERNAL_ERROR", httpStatus: 500 }),
  runtimeEvent("execution_complete", { final_response: "Hello, café" }),
  runtimeEvent("ping"),
]

const inCall = { toolCallId: "c-1" }
const question = { id: "i", reason: "r", message: "May I?", responseSchema: { type: "object" } }

const agUiEvents: ReadonlyArray<string> = [
  agUiEvent("TOOL_CALL_START", { ...inCall, toolCallName: "search" }) +
    agUiEvent("TOOL_CALL_ARGS", { ...inCall, delta: '{"a":[1,"é"]}' }) +
    agUiEvent("TOOL_CALL_END", inCall) +
    agUiEvent("TOOL_CALL_RESULT", { ...inCall, messageId: "t-1", content: '{"b":null}' }),
  agUiEvent("TOOL_CALL_CHUNK", { ...inCall, toolCallName: "search", delta: "{" }),
  agUiEvent("TEXT_MESSAGE_CHUNK", { messageId: "m-2", delta: "é" }),
  agUiEvent("STEP_STARTED", { stepName: "s" }) + agUiEvent("STEP_FINISHED", { stepName: "s" }),
  agUiEvent("SUBAGENT_STARTED", { subagentRunId: "a", name: "n" }) +
    agUiEvent("TEXT_MESSAGE_CONTENT", { messageId: "m", delta: "é", subagentRunId: "a" }) +
    agUiEvent("SUBAGENT_FINISHED", { subagentRunId: "a", result: { b: 1 } }),
  agUiEvent("STATE_SNAPSHOT", { snapshot: { a: [1] } }) +
    agUiEvent("STATE_DELTA", { delta: [{ op: "add", path: "/a/-", value: { b: 1 } }] }),
  agUiEvent("ACTIVITY_SNAPSHOT", {
    messageId: "p",
    activityType: "PLAN",
    content: { steps: [{ title: "One", status: "running" }] },
  }),
  agUiEvent("MESSAGES_SNAPSHOT", { messages: [{ id: "m-1", role: "assistant", content: "Hello, café" }] }),
  agUiEvent("CUSTOM", { name: "agent2ui", value: { type: "markdown", data: { content: "*é*" } } }),
  agUiEvent("RAW", { event: { a: 1 } }),
  agUiEvent("CUSTOM", { name: "on_interrupt", value: '{"question":"May I?"}' }) +
    agUiEvent("RUN_FINISHED", {
      threadId: "t",
      runId: "r",
      outcome: { type: "interrupt", interrupts: [question] },
    }),
]

const eventsOf = (kind: WireKind): ReadonlyArray<string> => {
  if (kind === "runtime") return [runtimeEvents.join(""), ...runtimeEvents]
  return kind === "ag-ui" ? [agUiEvents.join(""), ...agUiEvents] : []
}

export const seedsOf = (kind: WireKind): ReadonlyArray<Uint8Array> => {
  const wire = wires[kind]
  const said = wire.opening + wire.thinking("hm") + wire.text("Hello, ") + wire.ping + wire.text("café")
  const whole = (["stop", "length", "content_filter"] as const).map(
    (reason) => said + wire.finish(reason) + wire.end,
  )
  const others = [said + wire.error("server_error"), wire.refusal("rate_limit_exceeded")]
  const events = eventsOf(kind)
  return [...whole, ...others, ...events].map((text) => bytesOf(`\u0007${text}`))
}
