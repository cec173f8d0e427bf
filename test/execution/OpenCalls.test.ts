import { assert, describe, it } from "@effect/vitest"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import * as OpenCalls from "../../src/execution/OpenCalls.ts"
import { planStep, text, thinking } from "../support/fixtures.ts"

const idOf = (callId: string | undefined) => (callId === undefined ? {} : { metadata: { callId } })

const call = (callId?: string, status: "calling" | "success" | "error" = "calling"): Draft => ({
  type: "tool_call",
  data: { toolName: "search", arguments: {}, status },
  ...idOf(callId),
})
const skill = (callId?: string): Draft => ({
  type: "skill_call",
  data: { skillId: "s", skillName: "s", arguments: {}, status: "calling" },
  ...idOf(callId),
})
const result = (callId?: string): Draft => ({
  type: "tool_result",
  data: { toolName: "search", result: null, success: true },
  ...idOf(callId),
})

const after = (...drafts: ReadonlyArray<Draft>) => drafts.reduce(OpenCalls.after, OpenCalls.none)
const idsOf = (open: OpenCalls.OpenCalls) => open.map(({ callId }) => callId)

describe("open calls", () => {
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<Draft>, ReadonlyArray<string | undefined>]> = [
    ["a call is open until its result", [call("1"), result("1")], []],
    ["a result closes the call of its id", [call("1"), skill("2"), result("2")], ["1"]],
    ["a result without an id closes the oldest of its name", [call("1"), call("2"), result()], ["2"]],
    ["a result whose call was never told closes no call of another name", [skill("1"), result()], ["1"]],
    ["a result of an unknown id closes a call without one", [call("1"), call(), result("9")], ["1"]],
    ["a result of an unknown id closes no other call", [call("1"), result("9")], ["1"]],
    ["a result without a call closes nothing", [result(), result("1"), call("2")], ["2"]],
    ["calls without ids close one by one", [call(), call(), result()], [undefined]],
    ["the same call with its final status is over", [call("1"), call("1", "success")], []],
    ["a call that comes with its final status never was open", [call("1", "error")], []],
    ["a call that is told twice is one call", [call("1"), call("1"), result("1")], []],
    [
      "an answer, a thought or a step closes nothing",
      [call("1"), text("a"), thinking("b"), planStep("s")],
      ["1"],
    ],
  ]
  it.each(cases)("%s", (_, drafts, open) => assert.deepStrictEqual(idsOf(after(...drafts)), open))

  it("are the same array after a draft that is no call, so an answer costs nothing", () => {
    const open = after(call("1"))
    assert.strictEqual(OpenCalls.after(open, text("a")), open)
  })
})
