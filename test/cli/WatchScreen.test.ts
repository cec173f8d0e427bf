import { assert, describe, it } from "@effect/vitest"
import { stripVTControlCharacters } from "node:util"
import type { LiveView } from "../../src/api/LiveView.ts"
import { render, type Screen, sparkline, span } from "../../src/cli/WatchScreen.ts"
import { noon, orgId, runId } from "../support/fixtures.ts"

const mode = {
  total: 200,
  success: 190,
  error: 8,
  timeout: 2,
  neutral: 0,
  cancelled: 0,
  avgLatencyMs: 900,
  p50LatencyMs: 812,
  p95LatencyMs: 1900,
  p99LatencyMs: 41_000,
  errorRate: 0.04,
  timeoutRate: 0.01,
  perSecond: 3.25,
  p50FirstContentMs: 300,
  p95FirstContentMs: 700,
  inFlight: 2,
}

const view = (fields: Partial<LiveView> = {}): LiveView => ({
  at: noon,
  replica: "r",
  windowMs: 300_000,
  modes: { runtime_orchestrator: mode, direct_llm: { ...mode, total: 0, perSecond: 0 } },
  fallbackEnabled: false,
  fallbackReason: "",
  directFailing: false,
  directConfigured: true,
  runtimeConfigured: true,
  fleet: "none",
  evidence: { timeouts: 0, timeoutLimit: 150, orgs: [] },
  thresholds: {
    minSamples: 10,
    errorRate: 0.5,
    timeoutRate: 0.3,
    meanLatencyMs: 96_000,
    firstProgressLimitMs: 15_000,
  },
  breaker: {
    state: "closed",
    reason: "",
    since: noon,
    nextProbeAt: null,
    share: 1,
    forced: null,
    evidence: { faults: 0.5, limit: 12 },
  },
  orgs: [],
  rollout: {
    percentage: 25,
    shadowPercentage: 5,
    defaultMode: "direct_llm",
    enabledOrgs: 0,
    deniedOrgs: 0,
    rules: 0,
  },
  runs: { inFlight: 3, oldestMs: 4200 },
  decisions: Array.from({ length: 20 }, (_, n) => ({
    at: noon + n,
    runId,
    orgId,
    mode: "runtime_orchestrator" as const,
    reason: `rule:${n}`,
  })),
  decisionCounts: { windowMs: 300_000, counts: [] },
  point: null,
  fallbacks: [],
  transitions: [],
  notifications: [],
  providers: [],
  refusals: [],
  ...fields,
})

const screen = (fields: Partial<Screen> = {}): Screen => ({
  url: "http://gateway",
  view: view(),
  history: { runtime_orchestrator: [100, 200, 400, 800], direct_llm: [] },
  trouble: undefined,
  ...fields,
})
const size = { columns: 80, rows: 24, coloured: false }
const textOf = (shown: Screen, of = size) => render(shown, of).join("\n")

describe("the live view in a terminal", () => {
  it("shows both modes, the breaker, the rollout, the runs and the last decisions", () => {
    const text = textOf(screen())
    assert.match(text, /runtime_orchestrator +3\.25 +95\.0 % +4\.0 % +1\.0 % +812 ms +1\.9 s +41 s/)
    for (const part of ["closed", "faults 0.5 of 12", "25 %", "shadow 5 %", "3 under way", "4.2 s", "rule:0"])
      assert.include(text, part)
  })

  it("shows no rates for a mode without attempts, instead of 0 % success", () => {
    assert.match(textOf(screen()), /direct_llm +0\.00 +- +- +-/)
  })

  it("gives in words why turns avoid the runtime, and the last changes", () => {
    const text = textOf(
      screen({
        view: view({
          fallbackEnabled: true,
          fallbackReason: "12 faults",
          directFailing: true,
          breaker: { ...view().breaker, state: "open", reason: "12 faults", nextProbeAt: noon + 5000 },
          orgs: [{ orgId: "umbrella", ...view().breaker, state: "half_open" }],
          fallbacks: [
            { at: noon, runId, orgId, from: "runtime_orchestrator", to: "direct_llm", code: "TIMEOUT_STALL" },
          ],
          transitions: [
            {
              orgId: null,
              from: "closed",
              to: "open",
              at: noon,
              reason: "12 faults",
              evidence: { faults: 12, timeouts: 0, orgs: [] },
              forced: null,
            },
          ],
        }),
      }),
    )
    for (const part of [
      "Turns still go to the runtime because direct mode fails as well.",
      "on: 12 faults",
      "breaker   open",
      "probe 12:00:05",
      "umbrella half_open",
      "TIMEOUT_STALL",
      "closed -> open",
    ])
      assert.include(text, part)
  })

  it("names the providers that are skipped and the agents that are refused", () => {
    const provider = { name: "a", since: noon, evidence: { faults: 0, limit: 3 } }
    const refused = { orgId: "acme", agentId: "agent-1", target: "runtime", since: noon, lastAt: noon }
    const text = textOf(
      screen({
        view: view({
          providers: [
            { ...provider, state: "open", reason: "faults 3 >= 3 in 90 ms", nextProbeAt: noon + 5000 },
            { ...provider, name: "b", state: "closed", reason: "", nextProbeAt: null },
          ],
          refusals: [{ ...refused, failure: "422 no_such_model", count: 4 }],
        }),
      }),
      { ...size, columns: 120 },
    )
    for (const part of ["provider  a open", "probe 12:00:05", "faults 3 >= 3", "agents that are refused"])
      assert.include(text, part)
    assert.include(text, "acme  agent-1  runtime  4 times  422 no_such_model")
    assert.notInclude(text, "provider  b")
  })

  it.each([
    [80, 24, 2],
    [200, 50, 6],
  ])(
    "shows the newest notifications at %i x %i, and marks those that wait for a person",
    (columns, rows, most) => {
      const notifications = Array.from({ length: 20 }, (_, n) => ({
        id: `n${n}`,
        at: noon - n * 1000,
        kind: n === 0 ? ("autopilot.awaiting_approval" as const) : ("breaker.opened" as const),
        severity: n === 0 ? ("action" as const) : ("warning" as const),
        orgId: null,
        replica: "r",
        by: null,
        reason: null,
        text:
          n === 0 ? "The autopilot waits for an operator at 50 %." : `Event ${n} ${"is long ".repeat(40)}`,
        data: {},
      }))
      const shown = screen({ view: view({ notifications }) })
      const plain = render(shown, { columns, rows, coloured: false })
      const title = plain.indexOf("notifications")
      assert.isAbove(title, 0)
      assert.strictEqual(plain[title + 1], "  12:00:00  ACT  The autopilot waits for an operator at 50 %.")
      assert.match(plain[title + 2] ?? "", /^ {2}11:59:59 {2}Event 1 is long/)
      assert.lengthOf(
        plain.filter((line) => /Event \d+ is long/.test(line)),
        most - 1,
      )
      assert.isAtMost(plain.length, rows)
      for (const line of plain) assert.isAtMost(line.length, columns)
      const coloured = render(shown, { columns, rows, coloured: true })
      assert.deepStrictEqual(
        coloured.map((line) => stripVTControlCharacters(line)),
        plain,
      )
    },
  )

  it("marks old figures as old", () => {
    const lost = screen({ trouble: "connection lost (ECONNREFUSED), trying again" })
    const [top, trouble] = render(lost, size)
    assert.match(top ?? "", /as of \d\d:\d\d:\d\d/)
    assert.strictEqual(trouble, "connection lost (ECONNREFUSED), trying again")
    assert.deepStrictEqual(render(screen({ view: undefined, trouble: "connecting" }), size), [
      "Crossfade  http://gateway",
      "connecting",
    ])
  })

  it("fits every terminal, with the same text with and without colours", () => {
    for (const columns of [20, 80, 200]) {
      for (const rows of [3, 24, 60]) {
        const plain = render(screen(), { columns, rows, coloured: false })
        const coloured = render(screen(), { columns, rows, coloured: true })
        assert.isAtMost(plain.length, rows)
        for (const line of plain) assert.isAtMost([...line].length, columns)
        assert.deepStrictEqual(
          coloured.map((line) => stripVTControlCharacters(line)),
          plain,
        )
        for (const line of coloured)
          assert.isTrue(!line.includes("\u001b") || line.endsWith("\u001b[0m") || line.includes("\u001b[0m"))
      }
    }
    assert.notInclude(textOf(screen()), "\u001b")
  })

  it("sends no command of a name or a reason to the terminal, and keeps its rows", () => {
    const hostile = "x\u001b[2J\u009b2J\nclosed\u202e"
    const shown = screen({
      view: view({ breaker: { ...view().breaker, reason: hostile } }),
      trouble: hostile,
    })
    const lines = render(shown, size)
    assert.isTrue(lines.some((line) => line.includes("x\ufffd[2J\ufffd2J closed\ufffd")))
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    for (const line of lines) assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/)
  })

  it("draws the history relative to its highest value", () => {
    assert.strictEqual(sparkline([100, 200, 400, 800]), "▂▃▅█")
    assert.strictEqual(sparkline([0, 0]), "")
    assert.strictEqual(sparkline([]), "")
  })

  it("writes durations in readable units", () => {
    assert.deepStrictEqual([0.4, 812, 1900, 41_000].map(span), ["0 ms", "812 ms", "1.9 s", "41 s"])
  })
})
