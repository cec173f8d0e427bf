import { describe, expect, it } from "vitest"
import { PaceRule } from "../../src/runs/PaceRule.ts"

const mebibyte = 1024 * 1024

/** Milliseconds for 60 MiB in pieces of 64 KiB, taken in turn by so many runs. */
const timeFor = (idle: number, runs: number): number => {
  const rule = new PaceRule()
  const free = Array.from({ length: runs }, () => 0)
  for (let piece = 0; piece < 960; piece++) {
    const run = free.indexOf(Math.min(...free))
    free[run]! += rule.take(mebibyte / 16, free[run]!, idle)
  }
  return Math.max(...free)
}

describe("the pace of large runs", () => {
  it("is the same for one run and for twenty together", () => {
    expect(timeFor(1, 20) / timeFor(1, 1)).toBeCloseTo(1, 1)
  })

  it("falls as the process gets busy, and never to nothing", () => {
    expect(timeFor(1, 1)).toBeCloseTo(3750, -2)
    expect(timeFor(0.5, 1)).toBeCloseTo(7500, -2)
    expect(timeFor(0, 1)).toBeCloseTo(60_000, -2)
  })

  it("gives nothing back for time in which nothing was said", () => {
    const rule = new PaceRule()
    const first = rule.take(mebibyte, 0, 1)
    expect(rule.take(mebibyte, 1_000_000, 1)).toBeCloseTo(first)
  })
})
