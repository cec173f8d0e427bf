import { assert, describe, it } from "@effect/vitest"
import { RunChain } from "../../src/chat/RunChain.ts"
import { timed, timesOf } from "../../src/chat/RunTiming.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import type { Attempt } from "../../src/domain/Run.ts"
import { logOf } from "../http/streams.ts"
import { noon, run, text } from "../support/fixtures.ts"

const attempt = (fields: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  mode: "runtime_orchestrator",
  target: "runtime",
  shadow: false,
  startedAt: noon + 10,
  firstProgressAt: noon + 30,
  firstContentAt: null,
  endedAt: noon + 500,
  outcome: "error",
  code: "UPSTREAM_FAILED",
  usage: null,
  model: null,
  failure: null,
  ...fields,
})

describe("the clocks of a run", () => {
  it("are told from an attempt's start, and null where nothing came", () => {
    const { durationMs, firstContentMs, firstProgressMs } = timed(attempt())
    assert.deepStrictEqual([firstProgressMs, firstContentMs, durationMs], [20, null, 490])
  })

  it("report the gateway's own time, without that of shadows", () => {
    const ended = run({ status: "completed", endedAt: noon + 1000 })
    const shadow = attempt({ shadow: true, startedAt: noon, endedAt: noon + 1000 })
    const { overheadMs, totalMs } = timesOf(ended, [attempt(), shadow], null)
    assert.deepStrictEqual([totalMs, overheadMs], [1000, 510])
  })

  it("are not known of a run that goes on, but for its silence", () => {
    const log = logOf()
    for (const at of [0, 100, 2100, 2200]) log.message(text("a"), noon + at)
    const silence = (entries: ReadonlyArray<LogEntry>) => {
      const told = new RunChain(0, 1)
      for (const entry of entries) told.add(entry)
      return told.longestSilenceMs
    }
    assert.deepStrictEqual(timesOf(run(), [], silence(log.read(0))), {
      totalMs: null,
      overheadMs: null,
      longestSilenceMs: 2000,
    })
    assert.isNull(silence(log.read(0).slice(0, 1)))
  })
})
