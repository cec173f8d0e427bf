import { describe, expect, it } from "vitest"
import { ByteBudget, runawayBytes, type Share } from "../../src/runs/ByteBudget.ts"

/** A run that notes that it was ended. */
const running = (budget: ByteBudget, bytes: number) => {
  const share = budget.enter()
  const run = { share, ended: 0 }
  share.mayEnd(() => (run.ended += 1))
  share.add(bytes)
  return run
}

const endings = (runs: ReadonlyArray<{ readonly ended: number }>) => runs.map(({ ended }) => ended)

describe("the budget of live runs", () => {
  it("ends the largest run, once, when all of them hold more than the limit", () => {
    const budget = new ByteBudget(100)
    const runs = [running(budget, 30), running(budget, 45), running(budget, 25)]
    expect(endings(runs)).toEqual([0, 0, 0])
    runs[0]!.share.add(1)
    expect(endings(runs)).toEqual([0, 1, 0])
    expect(budget.ended).toBe(1)
  })

  it("ends no other run for bytes that are on their way out", () => {
    const budget = new ByteBudget(100)
    const runs = [running(budget, 60), running(budget, 45)]
    runs[1]!.share.add(40)
    expect(endings(runs)).toEqual([1, 0])
    expect(budget.isFull).toBe(true)
    runs[1]!.share.add(20)
    expect(endings(runs)).toEqual([1, 1])
  })

  it("counts a run that ends by itself as one that frees its bytes", () => {
    const budget = new ByteBudget(100)
    const runs = [running(budget, 60), running(budget, 30)]
    runs[0]!.share.settle()
    runs[1]!.share.add(60)
    expect(endings(runs)).toEqual([0, 0])
  })

  it("ends runaways before it refuses turns, and no honest run for them", () => {
    const budget = new ByteBudget(10 * runawayBytes)
    const honest = Array.from({ length: 15 }, () => running(budget, runawayBytes / 2))
    expect([budget.ended, budget.isShort]).toEqual([0, false])
    const runaway = running(budget, runawayBytes)
    expect([runaway.ended, budget.ended]).toEqual([1, 1])
    runaway.share.release()
    honest.push(running(budget, runawayBytes), running(budget, runawayBytes / 2))
    expect(endings(honest).filter((ended) => ended > 0)).toEqual([1])
    expect(honest[15]!.ended).toBe(1)
  })

  it("ends a runaway that has stopped growing when others take the rest", () => {
    const budget = new ByteBudget(10 * runawayBytes)
    const runaway = running(budget, 3 * runawayBytes)
    for (let n = 0; n < 12; n++) running(budget, runawayBytes / 2)
    expect([runaway.ended, budget.ended, budget.isShort]).toEqual([1, 1, true])
  })

  it("is short before it is full, and has room again when a run has left", () => {
    const budget = new ByteBudget(100)
    const [large, small] = [running(budget, 60), running(budget, 27)]
    expect([budget.isShort, budget.isFull]).toEqual([false, false])
    small.share.add(1)
    expect([budget.isShort, budget.isFull]).toEqual([true, false])
    small.share.add(13)
    expect([budget.isShort, budget.isFull]).toEqual([true, true])
    const woken: Array<string> = []
    budget.onRoom(() => woken.push("first"))
    budget.onRoom(() => woken.push("second"))()
    large.share.release()
    expect(woken).toEqual(["first"])
    expect(budget.total).toBe(41)
  })

  it("wakes what waits when a log has forgotten enough", () => {
    const budget = new ByteBudget(100)
    const { share } = running(budget, 90)
    const other = running(budget, 60)
    let woken = 0
    budget.onRoom(() => (woken += 1))
    other.share.add(-10)
    expect(woken).toBe(0)
    other.share.add(-45)
    expect([woken, share.bytes]).toEqual([1, 90])
  })

  it("holds nothing once all runs have left, whatever came between", () => {
    const budget = new ByteBudget(50)
    const shares: Array<Share> = []
    for (let n = 0; n < 100; n++) {
      const { share } = running(budget, n % 9)
      shares.push(share)
      if (n % 3 === 0) share.settle()
      if (n % 2 === 0) shares.splice(n % shares.length, 1)[0]!.release()
    }
    for (const share of shares) share.release()
    expect([budget.total, budget.isFull, budget.isShort]).toEqual([0, false, false])
    running(budget, 51)
    expect(budget.isFull).toBe(true)
  })
})
