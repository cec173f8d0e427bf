/** The sizes at which a run is cut off, in the figures that the documentation gives. */
import { assert, describe, it } from "@effect/vitest"
import { ByteBudget } from "../../src/runs/ByteBudget.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { noon, runId, text } from "../support/fixtures.ts"

const mebibyte = 1024 * 1024

/** Adds the message until the log refuses it. */
const fill = (log: RunLog, content: string): number => {
  const draft = text(content)
  let added = 0
  while (added < 100_000 && log.message(draft, noon)) added += 1
  return added
}

describe("a run's log", () => {
  it("takes 50 000 events", () => {
    assert.strictEqual(fill(new RunLog(runId), "x"), 50_000)
  })

  it("refuses events once its frames have 16 MiB", () => {
    const log = new RunLog(runId)
    fill(log, "x".repeat(10_000))
    assert.isAtLeast(log.bytes, 16 * mebibyte)
    assert.isBelow(log.bytes, 16 * mebibyte + 20_000)
  })
})

describe("the memory of live runs", () => {
  /** One run of these bytes, then runs of 1 MiB up to the total; true when the first was ended. */
  const isEnded = (bytes: number, total: number): boolean => {
    const budget = new ByteBudget(100 * mebibyte)
    let ended = false
    const enter = (bytes: number, end: () => void) => {
      const share = budget.enter()
      share.mayEnd(end)
      share.add(bytes)
    }
    enter(bytes, () => {
      ended = true
    })
    while (budget.total + mebibyte <= total) enter(mebibyte, () => {})
    return ended
  }

  it("ends a run of 2 MiB once three quarters are in use, and no smaller one", () => {
    assert.isFalse(isEnded(2 * mebibyte, 74 * mebibyte))
    assert.isTrue(isEnded(2 * mebibyte, 76 * mebibyte))
    assert.isFalse(isEnded(2 * mebibyte - 1, 99 * mebibyte))
  })
})
