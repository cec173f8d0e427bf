import { assert, describe, it } from "@effect/vitest"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { RunChain } from "../../src/chat/RunChain.ts"
import { jsonBytes, pageBytes } from "../../src/domain/Page.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { noon, planStep, runId, text, toolCall } from "../support/fixtures.ts"

const logOf = (drafts: ReadonlyArray<Draft>) => {
  const log = new RunLog(runId)
  for (const [index, draft] of drafts.entries()) log.message(draft, noon + index)
  return log.read(0)
}

/** Every page of the chain of a run. */
const pagesOf = (drafts: ReadonlyArray<Draft>, limit: number): ReadonlyArray<RunChain> => {
  const entries = logOf(drafts)
  const pages: Array<RunChain> = []
  let after: number | null = 0
  while (after !== null) {
    const page: RunChain = new RunChain(after, limit)
    for (const entry of entries) page.add(entry)
    pages.push(page)
    after = page.next
  }
  return pages
}

const calls = Array.from({ length: 7 }, (_, n) => [text("a"), toolCall(`c${n}`)]).flat()

describe("the chain of a run", () => {
  it("is one page where it is small", () => {
    const [page, ...others] = pagesOf([text("a"), toolCall("c1"), planStep("s1")], 1000)
    assert.lengthOf(others, 0)
    assert.deepStrictEqual(
      page?.chain.map(({ type }) => type),
      ["tool_call", "plan_step"],
    )
    assert.isNull(page?.next)
    assert.deepStrictEqual(
      page?.execution({}).map(({ id, status }) => [id, status]),
      [
        ["c1", "unfinished"],
        ["s1", "unfinished"],
      ],
    )
  })

  it("has every message and every call once over its pages, each call on the page of its message", () => {
    const pages = pagesOf(calls, 3)
    assert.deepStrictEqual(
      pages.map(({ chain }) => chain.length),
      [3, 3, 1],
    )
    for (const page of pages)
      assert.deepStrictEqual(
        page.execution().map(({ id }) => id),
        page.chain.map(({ metadata }) => metadata?.callId ?? null),
      )
    assert.deepStrictEqual(
      pages.flatMap((page) => page.execution().map(({ id }) => id)),
      Array.from({ length: 7 }, (_, n) => `c${n}`),
    )
  })

  it("tells on the page of a call how it ended, also where its result is on a later page", () => {
    const result: Draft = {
      type: "tool_result",
      data: { toolName: "search", result: 1, success: true },
      metadata: { callId: "c0" },
    }
    const [first] = pagesOf([...calls, result], 1)
    assert.deepInclude(first?.execution({})[0], { id: "c0", status: "completed" })
  })

  it("is bounded in bytes, and a message larger than a page comes alone", () => {
    const sized = (bytes: number): Draft => ({
      type: "tool_call",
      data: { toolName: "t", arguments: { a: "x".repeat(bytes) }, status: "calling" },
    })
    const pages = pagesOf([400_000, 400_000, 1_500_000, 300_000].map(sized), 1000)
    assert.deepStrictEqual(
      pages.map(({ chain }) => chain.length),
      [2, 1, 1],
    )
  })

  it("counts the steps that a plan makes", () => {
    const plan: Draft = {
      type: "plan",
      data: {
        steps: Array.from({ length: 2000 }, (_, n) => ({
          id: `${n}`,
          title: "t",
          status: "pending" as const,
        })),
        currentStep: "",
      },
    }
    // Each plan repeats the steps of the one before, under other ids.
    const plans = Array.from({ length: 20 }, (_, n): Draft => ({
      ...plan,
      data: { ...plan.data, steps: plan.data.steps.map((step) => ({ ...step, id: `${n}.${step.id}` })) },
    }))
    for (const page of pagesOf(plans, 1000))
      assert.isAtMost(jsonBytes(page.chain) + jsonBytes(page.execution({})), pageBytes)
  })
})
