/** The messages of a run with every type, two plans, a failing tool and an error in an MCP call. */
import type { ChatEvent } from "../../src/client/Contract.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { done, events, failure, open } from "../client/conversations.ts"

const red = "data:image/gif;base64,R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
const at = "2026-01-01T00:00:00.000Z"

const steps = (...all: ReadonlyArray<readonly [string, string]>): Draft => ({
  type: "plan",
  data: { currentStep: "", steps: all.map(([id, title]) => ({ id, title, status: "pending" })) },
})
const step = (
  stepId: string,
  title: string,
  status: "running" | "completed" | "failed",
  more = {},
): Draft => ({
  type: "plan_step",
  data: { stepId, title, status, ...more },
  metadata: { stepId },
})

const chainDrafts: ReadonlyArray<Draft> = [
  { type: "thinking", data: { content: "Looking at the question.", stage: "analyzing" } },
  steps(["s1", "Search the archive"], ["s2", "Summarise"]),
  step("s1", "Search the archive", "running", { tool: "search" }),
  {
    type: "tool_call",
    data: { toolName: "search", arguments: { query: "weather", deep: { list: [1, 2] } }, status: "calling" },
    metadata: { callId: "c1", stepId: "s1" },
  },
  {
    type: "tool_result",
    data: { toolName: "search", result: null, success: false, error: "The tool failed.", duration: 42 },
    metadata: { callId: "c1", stepId: "s1" },
  },
  step("s1", "Search the archive", "failed", { error: "The step failed." }),
  // The real runtime gives the steps of the next plan the same ids.
  steps(["s1", "Ask a colleague"], ["s2", "Look up the record"], ["s3", "Write"]),
  step("s1", "Ask a colleague", "running"),
  {
    type: "skill_call",
    data: { skillId: "sub-1", skillName: "subagent:sub-1", arguments: { task: "g" }, status: "calling" },
    metadata: { callId: "c2", stepId: "s1" },
  },
  { type: "thinking", data: { content: "I am the sub-agent." }, metadata: { callId: "c2", stepId: "s1" } },
  {
    type: "skill_result",
    data: {
      skillId: "sub-1",
      skillName: "subagent:sub-1",
      result: { said: "yes" },
      success: true,
      duration: 1500,
    },
    metadata: { callId: "c2", stepId: "s1" },
  },
  step("s1", "Ask a colleague", "completed", { durationMs: 1600 }),
  step("s2", "Look up the record", "running"),
  {
    type: "mcp_call",
    data: { serverId: "records", toolName: "lookup", arguments: { id: 7 }, status: "calling" },
    metadata: { callId: "c3", stepId: "s2" },
  },
]

/** The run fails within the MCP call. */
export const failedChain: ReadonlyArray<ChatEvent> = [
  open,
  ...events(...chainDrafts),
  {
    ...failure(chainDrafts.length + 1, { code: "UPSTREAM_TIMEOUT", stepId: "s2", callId: "c3" }),
    data: {
      code: "UPSTREAM_TIMEOUT",
      message: "The runtime did not answer in time.",
      runId: "r1",
      recoverable: true,
      stepId: "s2",
      callId: "c3",
      httpStatus: 504,
      traceId: "0af7651916cd43dd8448eb211c80319c",
      details: { afterMs: 60_000 },
    },
  } as ChatEvent,
]

export const everyType: ReadonlyArray<Draft> = [
  { type: "text", data: { content: "Plain words." } },
  { type: "markdown", data: { content: "**Bold** words" } },
  { type: "code", data: { language: "ts", code: "const a = 1", filename: "a.ts" } },
  {
    type: "table",
    data: {
      columns: [
        { key: "city", title: "City", type: "string" },
        { key: "people", title: "People", type: "number" },
        { key: "day", title: "Day", type: "date" },
        { key: "capital", title: "Capital", type: "boolean" },
      ],
      rows: [
        { city: "Besançon", people: 120_000, day: "2026-01-02", capital: false },
        { city: "東京", people: 14_000_000, day: "2025-01-02", capital: true },
        { city: "Bern", people: 9, day: "2024-05-01", capital: true },
      ],
    },
  },
  {
    type: "chart",
    data: {
      chartType: "bar",
      title: "Sales",
      xAxis: { data: ["Q1", "Q2", "Q3"], name: "Quarter" },
      yAxis: { name: "Euro" },
      series: [
        { name: "North", data: [3, 5, 2] },
        { name: "South", data: [1, null, "4"] },
      ],
    },
  },
  {
    type: "chart",
    data: {
      chartType: "pie",
      title: "Shares",
      series: [
        {
          name: "s",
          data: [
            { name: "A", value: 3 },
            { name: "B", value: 1 },
          ],
        },
      ],
    },
  },
  { type: "image", data: { url: red, alt: "A red square", width: 40, height: 40, caption: "Red" } },
  { type: "image", data: { url: "https://evil.example/pixel.png", alt: "Spy" } },
  {
    type: "file",
    data: { url: "data:text/csv,a", filename: "report.csv", mimeType: "text/csv", size: 2048 },
  },
  {
    type: "report",
    data: {
      title: "Quarterly report",
      summary: "All is well.",
      sections: [
        {
          heading: "First section",
          content: [{ id: "x", type: "text", data: { content: "Inside the report." }, timestamp: at }],
        },
      ],
    },
  },
  { type: "sandbox_status", data: { sandboxId: "box", status: "running" } },
  { type: "sandbox_log", data: { sandboxId: "box", level: "info", message: "started", timestamp: at } },
  {
    type: "sandbox_output",
    data: { sandboxId: "box", stream: "stdout", content: "\u001b[31mred\u001b[0m done\n", timestamp: at },
  },
  {
    type: "sandbox_output",
    data: { sandboxId: "box", stream: "stderr", content: "warning!", timestamp: at, exitCode: 3 },
  },
  {
    type: "sandbox_status",
    data: {
      sandboxId: "box",
      status: "error",
      durationMs: 900,
      resourceUsage: { cpuPercent: 12, memoryMb: 64 },
    },
  },
  { type: "progress", data: { current: 1, total: 4, percentage: 25, label: "Upload" } },
  { type: "error", data: { code: "NOT_FOUND", message: "No such page.", details: { page: 4 } } },
  { type: "interrupt", data: { interruptId: "i1", reason: "approval", message: "May I?" } },
  { type: "hologram", data: { depth: 3 } } as unknown as Draft,
]

export const everyTypeRun: ReadonlyArray<ChatEvent> = [
  open,
  ...events(...everyType),
  done(everyType.length + 1),
]

const call = (callId: string, more: object): ReadonlyArray<Draft> => [
  {
    type: "mcp_call",
    data: {
      serverId: "<b>m</b>",
      toolName: "\u202Egpj.exe",
      arguments: { "<img src=x onerror=alert(1)>": 1 },
      status: "calling",
    },
    metadata: { callId },
  },
  {
    type: "mcp_result",
    data: { serverId: "<b>m</b>", toolName: "\u202Egpj.exe", result: null, success: true, ...more },
    metadata: { callId },
  } as Draft,
]

const deep = (depth: number): unknown => (depth === 0 ? "the bottom" : { in: deep(depth - 1) })

/** Values that a model or a tool could send to break the page. */
export const hostile: ReadonlyArray<ChatEvent> = [
  open,
  ...events(
    ...call("c1", { result: "x".repeat(1_000_000) }),
    ...call("c2", { result: deep(400) }),
    { type: "table", data: { columns: [], rows: [] } },
    {
      type: "table",
      data: { columns: [{ key: "constructor", title: "Inherited" }], rows: [{ a: 1 }, { b: 2 }] },
    },
    { type: "code", data: { code: "x", language: "\u202Ets", ref: "x", key: "y" } } as Draft,
    { type: "image", data: { url: "/api/v1/runtime/live" } },
    { type: "table", data: { columns: [{ key: "a", title: "<script>alert(1)</script>" }], rows: [] } },
    {
      type: "chart",
      data: { chartType: "line", title: "Broken", series: [{ name: "n", data: ["NaN", null, { y: {} }] }] },
    },
    { type: "chart", data: { chartType: "scatter", series: [] } },
    { type: "chart", data: { chartType: "pie", series: [{ name: "n", data: [-1, 0] }] } },
    { type: "image", data: { url: "javascript:alert(1)", width: 0, height: 1e9 } },
    { type: "image", data: { url: "data:text/html,<script>alert(1)</script>" } },
    { type: "file", data: { url: "javascript:alert(1)", filename: "a\u202Egpj.exe", mimeType: "<i>x</i>" } },
    { type: "file", data: { url: "/api/v1/../../x", filename: "up", mimeType: "text/plain" } },
    { type: "progress", data: { current: 5, total: 0, percentage: 1e300 } },
    { type: "report", data: { title: "<h1>r</h1>", sections: [] } },
    {
      type: "sandbox_output",
      data: { sandboxId: "<s>", stream: "stdout", content: "\u001b]0;t\u0007\u001b[2Jok", timestamp: "" },
    },
    { type: "plan", data: { steps: [{ id: "", title: "<u>t</u>", status: "running" }], currentStep: "" } },
  ),
  done(20),
]

/** Direct mode answers after the runtime failed in the middle. */
export const crossfaded: ReadonlyArray<ChatEvent> = [
  open,
  ...events(
    steps(["s1", "Search"], ["s2", "Write"]),
    step("s1", "Search", "running"),
    { type: "text", data: { content: "Wrong words." } },
    { type: "retract", data: { runId: "r1", fromSeq: 3, toSeq: 3, reason: "The runtime stopped." } },
    {
      type: "fallback",
      data: {
        from: "runtime_orchestrator",
        to: "direct_llm",
        reason: "The answer was cut off.",
        code: "UPSTREAM_TRUNCATED",
      },
    },
    { type: "text", data: { content: "The right answer." } },
  ),
  done(7),
]

/** A run of many events: a plan of many steps, each with a call. */
export const longRun = (count: number): ReadonlyArray<ChatEvent> => [
  open,
  ...events(
    ...Array.from({ length: count / 4 }, (_, n): ReadonlyArray<Draft> => [
      step(`s${n}`, `Step ${n}`, "running"),
      {
        type: "tool_call",
        data: { toolName: `tool${n}`, arguments: { n }, status: "calling" },
        metadata: { callId: `c${n}`, stepId: `s${n}` },
      },
      {
        type: "tool_result",
        data: { toolName: `tool${n}`, result: { n }, success: true },
        metadata: { callId: `c${n}`, stepId: `s${n}` },
      },
      step(`s${n}`, `Step ${n}`, "completed"),
    ]).flat(),
  ),
]
