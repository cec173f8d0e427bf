import { assert, describe, it } from "@effect/vitest"
import { OrgId, SessionId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import type { Attempt } from "../../src/domain/Run.ts"
import type { RecordedTurn } from "../../src/store/RecordedTurns.ts"
import { Backtest } from "../../src/simulation/Backtest.ts"
import * as Policies from "../../src/simulation/Policies.ts"

const since = 1_767_225_601_234
const hour = 3_600_000

interface Part {
  readonly mode?: Attempt["mode"]
  readonly outcome: Outcome
  readonly progress?: boolean
  readonly content?: boolean
  readonly ms?: number
}

const attempt = (createdAt: number, number: number, part: Part): Attempt => {
  const { content = part.outcome === "success", mode = "runtime_orchestrator", ms = 3000, outcome } = part
  const { progress = content } = part
  return {
    number,
    mode,
    target: "x",
    shadow: false,
    startedAt: createdAt,
    firstProgressAt: progress ? createdAt + 500 : null,
    firstContentAt: content ? createdAt + 600 : null,
    endedAt: createdAt + ms,
    outcome,
    code: null,
    usage: null,
    model: null,
    failure: null,
  }
}

const turn = (number: number, atMs: number, ...parts: ReadonlyArray<Part>): RecordedTurn => ({
  orgId: OrgId.make(`org-${number % 7}`),
  sessionId: SessionId.make(`00000000-0000-7000-8000-${String(number).padStart(12, "0")}`),
  createdAt: since + atMs,
  attempts: parts.map((part, index) => attempt(since + atMs, index + 1, part)),
})

/** Five turns a second for ten minutes. */
const turns = (partsAt: (atMs: number) => ReadonlyArray<Part>): ReadonlyArray<RecordedTurn> =>
  Array.from({ length: 3000 }, (_, number) => turn(number, number * 200, ...partsAt(number * 200)))

const play = (recorded: ReadonlyArray<RecordedTurn>, name: Policies.Name = "ours", earlierMs = 0) => {
  const begin = since - earlierMs
  const test = new Backtest(Policies.make(name, Policies.usual), begin, since + hour)
  for (const one of recorded) test.play(one)
  return test.finish()
}

const good: ReadonlyArray<Part> = [{ outcome: "success" }]
const moved: ReadonlyArray<Part> = [
  { outcome: "error", ms: 50 },
  { mode: "direct_llm", outcome: "success" },
]
const lost: ReadonlyArray<Part> = [{ outcome: "error", content: true }]
/** From the second minute to the fifth. */
const during = (fault: ReadonlyArray<Part>, otherwise: ReadonlyArray<Part>) => (atMs: number) =>
  atMs >= 120_000 && atMs < 300_000 ? fault : otherwise

describe("A backtest", () => {
  it("reports no trips over healthy turns", () => {
    assert.deepStrictEqual(play(turns(() => good)), {
      known: 3000,
      unknown: 0,
      failedRecorded: 0,
      failed: 0,
      trips: 0,
      awayMs: 0,
      needlessDirect: 0,
      needlessMs: 0,
    })
  })

  it("gives the same result for any start time, since probes stay on whole minutes", () => {
    const recorded = turns((atMs) => (atMs % 1600 < 1000 ? moved : good))
    const looks = [0, 137, 1234, 59_999, 61_300].map((earlierMs) => play(recorded, "ours", earlierMs))
    assert.isAbove(looks[0]!.trips, 0)
    for (const look of looks) assert.deepStrictEqual(look, looks[0])
  })

  it("counts the chats that the policy would have lost in a fault", () => {
    const found = play(turns(during(lost, good)))
    assert.deepInclude(found, { failedRecorded: 900, trips: 1 })
    assert.isBelow(found.failed, 100)
    assert.isAbove(found.failed, 0)
    assert.isAbove(found.awayMs, 170_000)
    assert.isBelow(found.awayMs, 240_000)
    assert.isAbove(found.needlessDirect, 0)
    assert.isAbove(found.needlessMs, 0)
    assert.isAtMost(found.needlessMs, 60_000)
    assert.deepInclude(play(turns(during(lost, good)), "stay"), { failed: 900, trips: 0, needlessMs: 0 })
  })

  it("plays a turn that had moved to direct mode as recorded", () => {
    assert.deepInclude(play(turns(during(moved, good)), "stay"), { failedRecorded: 0, failed: 0 })
    const planned = [{ outcome: "error", progress: true, content: false } as const, moved[1]!]
    assert.deepInclude(play(turns(during(planned, good)), "stay"), { failedRecorded: 0, failed: 0 })
    const bothFailed = [moved[0]!, { mode: "direct_llm", outcome: "error" } as const]
    assert.deepInclude(play(turns(during(bothFailed, good)), "stay"), { failedRecorded: 900, failed: 900 })
  })

  it("counts no time as needless in which the runtime failed a chat", () => {
    // Away for good, by the contract alone, while every second chat is served well.
    const half = (atMs: number) => (atMs >= 60_000 && atMs % 400 === 0 ? lost : good)
    const strict = new Backtest(
      Policies.make("contract", { ...Policies.usual, errorRate: 0.2 }),
      since,
      since + hour,
    )
    for (const one of turns(half)) strict.play(one)
    const found = strict.finish()
    assert.isAbove(found.needlessDirect, 1000)
    assert.strictEqual(found.needlessMs, 0)
  })

  it("excludes and counts the turns that ran only in direct mode", () => {
    const direct: ReadonlyArray<Part> = [{ mode: "direct_llm", outcome: "success" }]
    assert.deepInclude(play(turns(during(direct, good))), { known: 2100, unknown: 900, trips: 0 })
  })

  it("does not count a cancelled turn as a fault of the runtime", () => {
    assert.deepInclude(play(turns(() => [{ outcome: "neutral", ms: 400 }])), { trips: 0, failed: 0 })
  })

  it("applies the contract's thresholds", () => {
    const third = turns((atMs) => (atMs > 60_000 && atMs % 600 === 0 ? moved : good))
    assert.deepInclude(play(third, "contract"), { trips: 0 })
    const strict = { ...Policies.usual, errorRate: 0.2 }
    const test = new Backtest(Policies.make("contract", strict), since, since + hour)
    for (const one of third) test.play(one)
    assert.deepInclude(test.finish(), { trips: 1 })
  })
})
