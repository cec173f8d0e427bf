import { assert, describe, it } from "@effect/vitest"
import { Message } from "../../src/protocol/agent2ui/Message.ts"
import { Links } from "../../src/chat/ExecutionChain.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { noon, text } from "../support/fixtures.ts"
import * as Schema from "effect/Schema"

const linksOf = (messages: ReadonlyArray<Message>, ended: boolean) => {
  const links = new Links()
  for (const message of messages) links.add(message)
  if (ended) links.end({})
  return links.slice(0, links.count)
}

/** Each with the second at which it came. */
const said = (...drafts: ReadonlyArray<readonly [number, Draft]>): ReadonlyArray<Message> =>
  drafts.map(([second, draft], index) => ({
    id: String(index),
    ...draft,
    timestamp: new Date(noon + second * 1000).toISOString(),
  })) as ReadonlyArray<Message>

const shown = (messages: ReadonlyArray<Message>, ended = true) =>
  linksOf(messages, ended).map(({ durationMs, id, kind, name, status }) => [
    kind,
    id,
    name,
    status,
    durationMs,
  ])

const plan = (
  ...steps: ReadonlyArray<readonly [string, "pending" | "running" | "completed" | "failed"]>
): Draft => ({
  type: "plan",
  data: { steps: steps.map(([id, status]) => ({ id, title: `Step ${id}`, status })), currentStep: "1" },
})
const step = (stepId: string, status: "running" | "completed" | "failed" | "skipped"): Draft => ({
  type: "plan_step",
  data: { stepId, title: `Step ${stepId}`, status },
})
const call = (callId: string | undefined, toolName = "search", stepId = "1"): Draft => ({
  type: "tool_call",
  data: { toolName, arguments: {}, status: "calling" },
  ...(callId === undefined ? {} : { metadata: { callId, stepId } }),
})
const result = (
  callId: string | undefined,
  success = true,
  toolName = "search",
  duration?: number,
): Draft => ({
  type: "tool_result",
  data: { toolName, result: null, success, ...(duration === undefined ? {} : { duration }) },
  ...(callId === undefined ? {} : { metadata: { callId } }),
})

describe("the execution chain", () => {
  it("is the plan's steps and the calls, with the time that each took", () => {
    const links = linksOf(
      said(
        [0, plan(["1", "pending"], ["2", "pending"])],
        [1, step("1", "running")],
        [2, call("a")],
        [5, result("a")],
        [6, step("1", "completed")],
        [6, text("so it is")],
        [7, step("2", "skipped")],
      ),
      true,
    )
    assert.deepStrictEqual(links, [
      {
        kind: "step",
        id: "1",
        stepId: null,
        name: "Step 1",
        status: "completed",
        startedAt: noon + 1000,
        endedAt: noon + 6000,
        durationMs: 5000,
      },
      {
        kind: "step",
        id: "2",
        stepId: null,
        name: "Step 2",
        status: "skipped",
        startedAt: null,
        endedAt: noon + 7000,
        durationMs: null,
      },
      {
        kind: "tool",
        id: "a",
        stepId: "1",
        name: "search",
        status: "completed",
        startedAt: noon + 2000,
        endedAt: noon + 5000,
        durationMs: 3000,
      },
    ])
  })

  it("shows where a run stopped: what was begun and never ended, and what never began", () => {
    const messages = said(
      [0, plan(["1", "pending"], ["2", "pending"])],
      [1, step("1", "running")],
      [2, call("a")],
    )
    assert.deepStrictEqual(shown(messages), [
      ["step", "1", "Step 1", "unfinished", null],
      ["step", "2", "Step 2", "pending", null],
      ["tool", "a", "search", "unfinished", null],
    ])
    assert.strictEqual(linksOf(messages, false)[2]?.status, "running")
  })

  it("pairs by id in any order, and without ids by name, first come first served", () => {
    assert.deepStrictEqual(
      shown(said([0, call("a")], [1, call("b")], [3, result("b", false)], [9, result("a")])),
      [
        ["tool", "a", "search", "completed", 9000],
        ["tool", "b", "search", "failed", 2000],
      ],
    )
    assert.deepStrictEqual(
      shown(
        said(
          [0, call(undefined)],
          [1, call(undefined, "read")],
          [4, result(undefined, true, "read")],
          [5, result(undefined)],
        ),
      ),
      [
        ["tool", null, "search", "completed", 5000],
        ["tool", null, "read", "completed", 3000],
      ],
    )
  })

  it("takes the upstream's word for the time of a call that was not seen to begin", () => {
    assert.deepStrictEqual(shown(said([3, result("a", true, "search", 120.4)])), [
      ["tool", "a", "search", "completed", 120],
    ])
  })

  it("lets the first end of a step count, also when the plan is sent again", () => {
    assert.deepStrictEqual(
      shown(said([0, step("1", "running")], [2, step("1", "failed")], [9, plan(["1", "failed"])])),
      [["step", "1", "Step 1", "failed", 2000]],
    )
    assert.deepStrictEqual(shown(said([0, step("1", "completed")], [2, step("1", "running")])), [
      ["step", "1", "Step 1", "completed", null],
    ])
  })

  it("shows the failure at its step and call, as the client does, and nothing else as failed", () => {
    const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "", code: "" } }
    const error: Draft = { type: "error", data: { code: "E", message: "" }, metadata: { callId: "a" } }
    const running = [plan(["1", "running"], ["2", "running"], ["3", "pending"]), call("a"), call("b")]
    const attempts = [...running, error, fallback, ...running]
    const links = new Links()
    for (const message of said(...attempts.map((draft, second) => [second, draft] as const)))
      links.add(message)
    links.end({ callId: "b", stepId: "3" })
    assert.deepStrictEqual(
      links.slice(0, links.count).map(({ id, status }) => `${id} ${status}`),
      [
        ...["1 failed", "2 unfinished", "3 pending", "a failed", "b unfinished"],
        ...["1 unfinished", "2 unfinished", "3 failed", "a unfinished", "b failed"],
      ],
    )
  })

  it("shows a result without a call id under a call only where one open call has its name", () => {
    assert.deepStrictEqual(shown(said([0, call("a")], [2, result(undefined)])), [
      ["tool", "a", "search", "completed", 2000],
    ])
    assert.deepStrictEqual(shown(said([0, call("a")], [1, call("b")], [2, result(undefined, false)])), [
      ["tool", "a", "search", "unfinished", null],
      ["tool", "b", "search", "unfinished", null],
      ["tool", null, "search", "failed", null],
    ])
  })

  it("shows every plan, also under equal ids, with the steps inside of steps", () => {
    const inner: Draft = {
      type: "plan",
      data: {
        currentStep: "",
        steps: [
          {
            id: "1",
            title: "Step 1",
            status: "pending",
            substeps: [{ id: "1.1", title: "Step 1.1", status: "pending" }],
          },
        ],
      },
    }
    assert.deepStrictEqual(
      linksOf(
        said(
          [0, plan(["1", "pending"])],
          [1, step("1", "running")],
          [2, step("1", "failed")],
          [3, inner],
          [4, step("1.1", "running")],
          [6, step("1.1", "completed")],
        ),
        true,
      ).map(({ durationMs, id, status, stepId }) => [id, stepId, status, durationMs]),
      [
        ["1", null, "failed", 1000],
        ["1", null, "pending", null],
        ["1.1", "1", "completed", 2000],
      ],
    )
  })

  it("shows the calls of each attempt, also under equal ids", () => {
    const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "", code: "" } }
    const messages = said([0, call("a")], [1, fallback], [2, call("a")], [5, result("a")])
    assert.deepStrictEqual(shown(messages, false), [
      ["tool", "a", "search", "unfinished", null],
      ["tool", "a", "search", "completed", 3000],
    ])
  })

  it("shows a call once whose result comes first or twice", () => {
    assert.deepStrictEqual(shown(said([0, result("a")], [1, call("a")], [2, result("a")])), [
      ["tool", "a", "search", "completed", null],
    ])
  })

  const Messages = Schema.Array(Message)
  it.prop(
    "has nothing but steps and calls, and no negative time where time goes on",
    [Messages],
    ([messages]) => {
      const inOrder = messages.map((message, index) => ({
        ...message,
        timestamp: new Date(noon + index * 10).toISOString(),
      }))
      for (const link of linksOf(inOrder, true)) {
        assert.notStrictEqual(link.status, "running")
        if (link.startedAt !== null && link.endedAt !== null) {
          assert.strictEqual(link.durationMs, link.endedAt - link.startedAt)
          assert.isAtLeast(link.endedAt, link.startedAt)
        }
      }
    },
  )
})
