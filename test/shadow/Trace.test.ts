import { assert, describe, it } from "@effect/vitest"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { RunDone, RunError } from "../../src/domain/Run.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import * as Trace from "../../src/shadow/Trace.ts"
import { noon, runId, text, thinking, toolCall } from "../support/fixtures.ts"

const done = (usage: object): { event: "done"; data: RunDone } => ({
  event: "done",
  data: { runId, usage: { tokens: 5, latencyMs: 900, ...usage } } as RunDone,
})
const failed = (code: string): { event: "error"; data: RunError } => ({
  event: "error",
  data: { code, message: "", runId, recoverable: true },
})

/** One message each 100 ms, then the end. */
const traced = (
  drafts: ReadonlyArray<Draft>,
  end: ReturnType<typeof done> | ReturnType<typeof failed> = done({}),
) => {
  const log = new RunLog(runId)
  for (const [index, draft] of drafts.entries()) log.message(draft, noon + 100 * (index + 1))
  log.end(end)
  const tracer = new Trace.LogTracer(noon)
  for (const entry of log.read(0)) if (!tracer.add(entry)) break
  return tracer.trace
}

const plan: Draft = {
  type: "plan",
  data: { steps: [{ id: "1", title: "Search", status: "pending" }], currentStep: "" },
}
const fallback: Draft = {
  type: "fallback",
  data: { from: "runtime_orchestrator", to: "direct_llm", reason: "", code: "UPSTREAM_UNREACHABLE" },
}
const retract: Draft = { type: "retract", data: { runId, fromSeq: 1, toSeq: 2, reason: "" } }

describe("the trace of a run's log", () => {
  it("has consecutive deltas once, the first plan, calls with ordered arguments, and the times", () => {
    const search: Draft = {
      type: "tool_call",
      data: { toolName: "search", arguments: { z: [{ b: 1, a: 2 }], a: "x" }, status: "calling" },
    }
    const later: Draft = { ...plan, data: { steps: [], currentStep: "" } }
    assert.deepStrictEqual(
      traced([thinking("a"), thinking("b"), plan, search, later, text("Où "), text("est")]),
      {
        outcome: "success",
        code: null,
        types: ["thinking", "plan", "tool_call", "plan", "text"],
        calls: [{ name: "search", arguments: '{"a":"x","z":[{"a":2,"b":1}]}' }],
        steps: ["Search"],
        text: "Où est",
        language: "und-Latn",
        firstContentMs: 600,
        totalMs: 900,
        tokens: 5,
      },
    )
  })

  it("has no tokens if they were estimated", () => {
    assert.isNull(traced([text("a")], done({ estimated: true }))?.tokens)
  })

  it("covers the first mode only, without the answer after a fallback", () => {
    const trace = traced([thinking("a"), fallback, text("from the other mode")])
    assert.deepInclude(trace, {
      outcome: "error",
      code: "UPSTREAM_UNREACHABLE",
      text: "",
      types: ["thinking"],
    })
  })

  it("drops retracted text", () => {
    const trace = traced([thinking("a"), text("wrong"), retract, text("right")])
    assert.deepInclude(trace, { outcome: "success", text: "right", types: ["text"], firstContentMs: 400 })
  })

  it("keeps the other events of an answer whose text was retracted", () => {
    const corrected: Draft = { ...retract, data: { ...retract.data, fromSeq: 3, toSeq: 4 } }
    const trace = traced([plan, toolCall("c"), text("wr"), text("ong"), corrected, text("right")])
    assert.deepInclude(trace, { text: "right", types: ["plan", "tool_call", "text"], firstContentMs: 600 })
    assert.lengthOf(trace?.calls ?? [], 1)
  })

  it.each([
    ["TIMEOUT_STALL", "timeout"],
    ["CONTENT_FILTERED", "filtered"],
    ["UPSTREAM_FAILED", "error"],
    ["RUN_TOO_LARGE", "error"],
  ] as const)("gives a run that ended with %s the outcome %s", (code, outcome) => {
    assert.deepInclude(traced([text("a")], failed(code)), { outcome, code, totalMs: null })
  })

  it.each(["EXECUTION_CANCELLED", "RUN_INTERRUPTED", "UPSTREAM_RATE_LIMITED"])(
    "is none where the end, %s, says nothing about the mode",
    (code) => assert.isUndefined(traced([text("a")], failed(code))),
  )

  it("is undefined beyond the limits", () => {
    assert.isUndefined(traced(Array.from({ length: Trace.maxEvents + 1 }, () => text("a"))))
  })
})

describe("a tracer", () => {
  it("stops at its limits of events and characters", () => {
    const events = new Trace.Tracer()
    for (let n = 0; n < Trace.maxEvents; n++) assert.isTrue(events.add(toolCall("c"), 0))
    assert.isFalse(events.add(toolCall("c"), 0))
    const characters = new Trace.Tracer()
    assert.isTrue(characters.add(text("x".repeat(Trace.maxCharacters)), 0))
    assert.isFalse(characters.add(thinking("y"), 0))
    assert.lengthOf(characters.text, Trace.maxCharacters)
  })
})
