/** Plans, calls and errors of an answer: nothing that happened is lost, and a failure has its place. */
import { assert, describe, it } from "@effect/vitest"
import type { Part } from "../../src/client/Parts.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { planStep, text, toolCall, toolResult } from "../support/fixtures.ts"
import { answerOf, done, events, failure, open, plan, reduced } from "./conversations.ts"

const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "x", code: "X" } }

const partsOf = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<Part> =>
  answerOf(reduced([open, ...events(...drafts)])).parts

const endedParts = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<Part> =>
  answerOf(reduced([open, ...events(...drafts), done(drafts.length + 1)])).parts

const failedParts = (
  error: { readonly code: string; readonly stepId?: string; readonly callId?: string },
  ...drafts: ReadonlyArray<Draft>
) => answerOf(reduced([open, ...events(...drafts), failure(drafts.length + 1, error)])).parts

/** The states of the steps of each plan, and the states of the calls. */
const states = (parts: ReadonlyArray<Part>) =>
  parts.flatMap((part) => {
    if (part.type === "plan") return [part.steps.map(({ id, status }) => `${id} ${status}`).join(", ")]
    return part.type === "call" ? [`${part.callId ?? part.name} ${part.status}`] : []
  })

const named = (planId: string, draft: Draft): Draft => ({
  ...draft,
  metadata: { ...draft.metadata, planId },
})
const statesOf = (
  ...steps: ReadonlyArray<readonly [string, "pending" | "running" | "completed"]>
): Draft => ({
  type: "plan",
  data: { currentStep: "", steps: steps.map(([id, status]) => ({ id, title: id, status })) },
})

describe("the plans of a run", () => {
  it("stay when another plan follows, with their errors and calls", () => {
    const stepFailed: Draft = {
      type: "plan_step",
      data: { stepId: "s1", title: "s1", status: "failed", error: "The step failed." },
    }
    const parts = partsOf(plan("s1"), planStep("s1"), toolCall("c1"), stepFailed, plan("t1"), planStep("t1"))
    assert.deepStrictEqual(states(parts), ["s1 failed", "c1 calling", "t1 running"])
    assert.propertyVal(parts[0]?.type === "plan" ? parts[0].steps[0] : {}, "error", "The step failed.")
  })

  it("stay when a plan with the same ids begins after one of their steps failed or all ended", () => {
    for (const end of ["failed", "completed"] as const)
      assert.deepStrictEqual(
        states(partsOf(plan("s1"), planStep("s1"), planStep("s1", end), plan("s1"), planStep("s1"))),
        [`s1 ${end}`, "s1 running"],
      )
  })

  it("are updated by the same plan in a new state, and replaced before they begin", () => {
    assert.deepStrictEqual(
      states(
        partsOf(
          plan("a", "b"),
          statesOf(["s1", "pending"], ["s2", "pending"]),
          statesOf(["s1", "running"], ["s2", "pending"]),
          statesOf(["s1", "completed"], ["s2", "running"], ["s3", "pending"]),
        ),
      ),
      ["s1 completed, s2 running, s3 pending"],
    )
  })

  it("are updated in turns when each names its plan", () => {
    const parts = partsOf(
      named("p1", statesOf(["s1", "running"])),
      named("p2", statesOf(["s1", "running"])),
      named("p1", statesOf(["s1", "completed"])),
      named("p2", statesOf(["s1", "running"], ["s2", "running"])),
    )
    assert.deepStrictEqual(states(parts), ["s1 completed", "s1 running, s2 running"])
  })

  it("get the end of their own step while the plan of a sub-agent has the same id", () => {
    const parts = partsOf(
      plan("s1"),
      planStep("s1"),
      {
        ...plan("s1", "x"),
        data: { currentStep: "", steps: [{ id: "s1", title: "other", status: "pending" }] },
      } as Draft,
      planStep("s1"),
      planStep("s1", "completed"),
      planStep("s1", "failed"),
    )
    assert.deepStrictEqual(states(parts), ["s1 failed", "s1 completed"])
  })

  it("have steps of substeps", () => {
    const nested: Draft = {
      type: "plan",
      data: {
        currentStep: "",
        steps: [
          {
            id: "s1",
            title: "s1",
            status: "running",
            substeps: [{ id: "s1.1", title: "x", status: "pending" }],
          },
        ],
      },
    }
    const [shown] = failedParts({ code: "X", stepId: "s1.1" }, nested, planStep("s1.1"))
    const outer = shown?.type === "plan" ? shown.steps[0] : undefined
    assert.deepStrictEqual([outer?.status, outer?.substeps?.[0]?.status], ["unfinished", "failed"])
  })
})

describe("the end of a run", () => {
  it("leaves no step running, however the run ends", () => {
    const drafts = [plan("s1", "s2"), planStep("s1"), toolCall("c1")]
    const expected = ["s1 unfinished, s2 pending", "c1 unknown"]
    assert.deepStrictEqual(states(endedParts(...drafts)), expected)
    assert.deepStrictEqual(states(failedParts({ code: "EXECUTION_CANCELLED" }, ...drafts)), expected)
    assert.deepStrictEqual(states(failedParts({ code: "X", stepId: "other" }, ...drafts)), expected)
  })

  it("fails the step that the error names, in the last plan where it had not ended", () => {
    assert.deepStrictEqual(
      states(
        failedParts(
          { code: "X", stepId: "s1" },
          plan("s1"),
          planStep("s1"),
          named("p2", plan("t1", "s1")),
          planStep("t1"),
        ),
      ),
      ["s1 unfinished", "t1 unfinished, s1 failed"],
    )
  })

  it("fails the step of the call that the error names", () => {
    const call: Draft = { ...toolCall("c1"), metadata: { callId: "c1", stepId: "s1" } } as Draft
    assert.deepStrictEqual(
      states(failedParts({ code: "X", callId: "c1" }, plan("s1"), planStep("s1"), call)),
      ["s1 failed", "c1 error"],
    )
  })

  it("fails the step and the call that an error message names", () => {
    const error: Draft = {
      type: "error",
      data: { code: "MCP", message: "m" },
      metadata: { stepId: "s1", callId: "c1" },
    }
    const parts = endedParts(plan("s1"), planStep("s1"), toolCall("c1"), error)
    assert.deepStrictEqual(states(parts), ["s1 failed", "c1 error"])
    assert.deepInclude(parts.at(-1), { type: "error", stepId: "s1", callId: "c1" })
  })

  it("does not fail a step of an attempt for an error of the attempt before", () => {
    const error: Draft = { type: "error", data: { code: "E", message: "m" }, metadata: { stepId: "s1" } }
    assert.deepStrictEqual(
      states(endedParts(plan("s1"), planStep("s1"), error, fallback, plan("s1"), planStep("s1"))),
      ["s1 failed", "s1 unfinished"],
    )
  })
})

describe("the calls of a run", () => {
  it("are apart when another attempt uses the same id, also after an end", () => {
    const parts = partsOf(toolCall("c1"), toolResult("c1"), fallback, toolCall("c1"))
    assert.deepStrictEqual(states(parts), ["c1 success", "c1 calling"])
  })

  it("are apart when an ended call is made again under the same id", () => {
    assert.deepStrictEqual(states(partsOf(toolCall("c1"), toolResult("c1"), toolCall("c1"))), [
      "c1 success",
      "c1 calling",
    ])
  })

  it("include a result without a call", () => {
    const [call] = partsOf(toolResult("c9"), text("a"))
    assert.deepInclude(call, { type: "call", status: "success", isCalled: false })
  })

  it("give a result without an id to no call if several open calls have its name", () => {
    const call: Draft = { type: "tool_call", data: { toolName: "t", arguments: {}, status: "calling" } }
    const result: Draft = { type: "tool_result", data: { toolName: "t", result: 1, success: true } }
    assert.deepStrictEqual(states(partsOf(call, call, result)), ["t calling", "t calling", "t success"])
    assert.deepStrictEqual(states(partsOf(call, result, call, result)), ["t success", "t success"])
  })

  it("name the sub-agent's call that made them", () => {
    const inner: Draft = { ...toolCall("c2"), metadata: { callId: "c2", parentCallId: "c1" } } as Draft
    assert.deepInclude(partsOf(toolCall("c1"), inner)[1], { type: "call", parentCallId: "c1" })
  })
})
