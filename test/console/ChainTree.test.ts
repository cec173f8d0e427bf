/** The places of the nodes of a chain. */
import { expect, it } from "vitest"
import { type ChainNode, hasChain, treeOf } from "../../src/console/chain/ChainTree.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { planStep, toolCall } from "../support/fixtures.ts"
import { answerOf, events, failure, open, plan, reduced } from "../client/conversations.ts"

const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "x", code: "X" } }

const called = (callId: string): Draft => ({ ...toolCall(callId), metadata: { callId, stepId: "s1" } })

const nameOf = (node: ChainNode): string => {
  if (node.kind === "plan") return `plan ${node.number}`
  if (node.kind === "error") return node.value.code
  if (node.kind === "step") return node.value.id
  return node.kind === "call" ? (node.value.callId ?? "") : node.value.type
}

const drawn = (node: ChainNode): string =>
  node.children.length === 0 ? nameOf(node) : `${nameOf(node)}(${node.children.map(drawn).join(" ")})`

const placed = (error: Parameters<typeof failure>[1], ...drafts: ReadonlyArray<Draft>): string =>
  treeOf(answerOf(reduced([open, ...events(...drafts), failure(drafts.length + 1, error)])))
    .roots.map(drawn)
    .join(" ")

it("a call and an error belong to the last step of their id", () => {
  const drafts = [plan("s1"), planStep("s1"), planStep("s1", "completed"), plan("s1"), planStep("s1")]
  expect(placed({ code: "E", stepId: "s1" }, ...drafts, called("c1"))).toBe("plan 1(s1) plan 2(s1(c1 E))")
})

it("a call and an error belong to no step and no call of an attempt that a fallback replaced", () => {
  const drafts = [plan("s1"), planStep("s1"), called("c1"), fallback]
  expect(placed({ code: "E", callId: "c1", stepId: "s1" }, ...drafts)).toBe("plan 1(s1(c1)) fallback E")
  expect(placed({ code: "E", stepId: "s1" }, ...drafts, called("c2"))).toBe("plan 1(s1(c1)) fallback c2 E")
})

it("an answer has a chain exactly if its tree has a node", () => {
  const sandbox: Draft = {
    type: "sandbox_output",
    data: { sandboxId: "s", stream: "stdout", content: "x", timestamp: "t" },
  }
  const progress: Draft = { type: "progress", data: { current: 1, total: 2, percentage: 50 } }
  const text: Draft = { type: "text", data: { content: "x" } }
  for (const draft of [text, sandbox, progress, plan("s1"), called("c1"), fallback]) {
    const answer = answerOf(reduced([open, ...events(draft)]))
    expect({ type: draft.type, hasChain: hasChain(answer) }).toEqual({
      type: draft.type,
      hasChain: treeOf(answer).roots.length > 0,
    })
  }
  expect(hasChain(answerOf(reduced([open, ...events(sandbox, progress, text)])))).toBe(false)
  expect(hasChain(answerOf(reduced([open, failure(1, { code: "E" })])))).toBe(true)
})
