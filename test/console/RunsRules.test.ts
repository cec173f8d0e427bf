/** The rules of the run view: filters in the address, the waterfall, the replay. */
import { describe, expect, it } from "vitest"
import type { ChatEvent } from "../../src/client/Contract.ts"
import { countAt, Replay, timesOf } from "../../src/console/run/Replay.ts"
import type { RunFacts } from "../../src/console/run/RunFacts.ts"
import { filterOf, foundIn, listHref, requestOf, without } from "../../src/console/run/RunsFilter.ts"
import { ticksOf, waterfallOf } from "../../src/console/run/Waterfall.ts"

const run = "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d"
const trace = "5b8aa5a2d2c872e8321cf37308d69df2"

describe("the filters of runs", () => {
  it("survive the address, without empty and unknown ones", () => {
    const filter = filterOf(new URLSearchParams("user=a%26b&status=&evil=1&from=1764489600000"))
    expect(filter).toEqual({ user: "a&b", from: "1764489600000" })
    const href = listHref(filter, "next")
    expect(href).toBe("#/runs?user=a%26b&from=1764489600000&cursor=next")
    expect(filterOf(new URLSearchParams(href.split("?")[1]))).toEqual(filter)
    expect(requestOf(filter, null)).toBe("/api/v1/runtime/runs?user=a%26b&from=1764489600000&limit=50")
    expect(listHref(without(filter, "user"))).toBe("#/runs?from=1764489600000")
    expect(listHref({})).toBe("#/runs")
  })

  it("find ids in pasted texts", () => {
    expect(foundIn(` ${run.toUpperCase()} `)).toEqual({ kind: "runOrSession", id: run })
    expect(foundIn(`${run}:12`)).toEqual({ kind: "runOrSession", id: run })
    expect(foundIn(`https://chat.example/#/runs/${run}`)).toEqual({ kind: "runOrSession", id: run })
    expect(foundIn(trace.toUpperCase())).toEqual({ kind: "trace", id: trace })
    expect(foundIn(`00-${trace}-5fb397be34d26b51-01`)).toEqual({ kind: "trace", id: trace })
    for (const text of ["", "ana", trace.slice(1), `${trace}0`]) expect(foundIn(text)).toBeUndefined()
  })
})

const attempt: RunFacts["attempts"][number] = {
  number: 1,
  mode: "runtime_orchestrator",
  target: "runtime",
  shadow: false,
  startedAt: 1010,
  firstProgressAt: 1110,
  firstContentAt: null,
  endedAt: 1510,
  outcome: "timeout_first_content",
  code: "FIRST_CONTENT_TIMEOUT",
  usage: null,
  model: null,
  failure: null,
  firstProgressMs: 100,
  firstContentMs: null,
  durationMs: 500,
}

const facts: RunFacts = {
  id: run,
  sessionId: run,
  orgId: "acme",
  userId: "ana",
  agentId: run,
  userMessageId: run,
  assistantMessageId: null,
  status: "completed",
  decision: {
    order: ["runtime_orchestrator", "direct_llm"],
    reason: "default_mode",
    probe: false,
    rules: [],
  },
  executionMode: "direct_llm",
  error: null,
  usage: null,
  model: null,
  finishReason: "stop",
  traceId: null,
  createdAt: 1000,
  endedAt: 2000,
  attempts: [
    attempt,
    { ...attempt, number: 2, target: "a", startedAt: 1520, outcome: "success", code: null, durationMs: 400 },
  ],
  times: { totalMs: 1000, overheadMs: 20, longestSilenceMs: null },
  eventsKept: true,
}

const clocks = { firstContentMs: 500, stallMs: 900, directStallMs: 900, callMs: 900, totalMs: 5000 }

const link = {
  kind: "tool",
  id: "c1",
  stepId: "s1",
  name: "search",
  status: "unfinished",
  startedAt: 1200,
  endedAt: null,
  durationMs: null,
} as const

describe("the waterfall", () => {
  it("has each attempt with the clocks that ran, from the start of the run", () => {
    const { rows, totalMs } = waterfallOf(facts, [], clocks, 0)
    expect(totalMs).toBe(1000)
    expect(rows.map(({ from, kind, name, state, to }) => [kind, name, state, from, to])).toEqual([
      ["attempt", "runtime", "bad", 10, 510],
      ["clock", "firstContent", "bad", 10, 110],
      ["clock", "total", "neutral", 10, 510],
      ["attempt", "a", "good", 520, 920],
      ["clock", "firstContent", "neutral", 520, 620],
      ["clock", "total", "neutral", 520, 920],
    ])
    expect(rows[1]?.marks).toEqual([{ kind: "deadline", at: 510 }])
  })

  it("puts calls below their step, and ends an unfinished call with the run", () => {
    const step = { ...link, kind: "step", id: "s1", stepId: null, name: "Search", status: "running" } as const
    const other = { ...step, id: "s2", name: "Write", status: "completed", endedAt: 1900 } as const
    const { rows } = waterfallOf(facts, [step, other, link], undefined, 0)
    expect(rows.slice(2).map(({ depth, name, to }) => [name, depth, to])).toEqual([
      ["Search", 0, 1000],
      ["search", 1, 1000],
      ["Write", 0, 900],
    ])
  })

  it("puts a call below the last step of its id that came before it", () => {
    const step = {
      ...link,
      kind: "step",
      id: "s1",
      stepId: null,
      status: "completed",
      endedAt: 1900,
    } as const
    const call = { ...link, status: "completed", endedAt: 1900 } as const
    const links = [
      { ...step, name: "Plan 1" },
      { ...step, name: "Plan 1, next", id: "s2" },
      { ...call, name: "of plan 1" },
      { ...step, name: "Plan 2" },
      { ...call, name: "of plan 2" },
      { ...call, name: "of no step", stepId: "s9" },
    ]
    const { rows } = waterfallOf(facts, links, undefined, 0)
    expect(rows.slice(2).map(({ name }) => name)).toEqual([
      "Plan 1",
      "of plan 1",
      "Plan 1, next",
      "Plan 2",
      "of plan 2",
      "of no step",
    ])
  })

  it("ends a running run at the present time", () => {
    expect(waterfallOf({ ...facts, endedAt: null }, [], undefined, 4000).totalMs).toBe(3000)
  })

  it("has at most six round times on its axis", () => {
    expect(ticksOf(190)).toEqual([0, 50, 100, 150])
    expect(ticksOf(1)).toHaveLength(6)
    expect(ticksOf(60_000)).toEqual([0, 20_000, 40_000, 60_000])
  })
})

const text = (seq: number, at: number, content: string): ChatEvent => ({
  runId: run,
  sessionId: run,
  seq,
  event: "message",
  data: {
    id: `${run}:${seq}`,
    type: "text",
    timestamp: new Date(1000 + at).toISOString(),
    data: { content, isComplete: false },
  } as Extract<ChatEvent, { readonly event: "message" }>["data"],
})

describe("a replay", () => {
  const events = [text(1, 10, "a"), text(2, 5, "b"), text(3, 300, "c")]

  it("keeps the times of events from running backwards", () => {
    expect(timesOf(events, 1000, 2000)).toEqual([10, 10, 300])
  })

  it("counts the events up to a time", () => {
    expect([0, 9, 10, 299, 300, 999].map((ms) => countAt([10, 10, 300], ms))).toEqual([0, 0, 2, 2, 3, 3])
  })

  it("goes forward and back", () => {
    const replay = new Replay()
    const shown = (count: number) =>
      replay.answerAt(events, count)?.parts.map((part) => ("content" in part ? part.content : ""))
    expect(shown(0)).toBeUndefined()
    expect(shown(3)).toEqual(["abc"])
    expect(shown(1)).toEqual(["a"])
    expect(shown(2)).toEqual(["ab"])
  })
})
