/** The pure rules of the bench: arrivals, statistics, ratios, the table and the arguments. */
import { describe, expect, it } from "vitest"
import { arrivals, seeded } from "./suite/Arrivals.ts"
import { optionsOf } from "./suite/Options.ts"
import { atLeast, atMost, ofRounds, ratioTo, table } from "./suite/Result.ts"
import { median, quantile, ratios, spread } from "./suite/Statistics.ts"

describe("the arrivals of an open load", () => {
  it("are the same for the same seed, and others for another", () => {
    const times = arrivals(100, 1, seeded(1))
    expect(arrivals(100, 1, seeded(1))).toEqual(times)
    expect(arrivals(100, 1, seeded(2))).not.toEqual(times)
  })

  it("rise, and lie within the time", () => {
    const times = arrivals(500, 2, seeded(3))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times[0]).toBeGreaterThan(0)
    expect(times.at(-1)).toBeLessThan(2000)
  })

  it("have the rate and the variance of a Poisson process", () => {
    const times = arrivals(100, 1000, seeded(4))
    expect(times.length).toBeGreaterThan(99_000)
    expect(times.length).toBeLessThan(101_000)
    const waits = times.slice(1).map((at, index) => at - times[index]!)
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
    const deviation = Math.sqrt(waits.reduce((sum, wait) => sum + (wait - mean) ** 2, 0) / waits.length)
    // An exponential wait deviates by its mean; equal waits would not deviate at all.
    expect(deviation / mean).toBeCloseTo(1, 1)
  })

  it("have a random number of their own for each wait", () => {
    const random = seeded(5)
    const numbers = Array.from({ length: 1000 }, () => random())
    expect(new Set(numbers).size).toBe(1000)
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
  })
})

describe("the statistics", () => {
  const values = [5, 1, 4, 2, 3]

  it("find a quantile in values without order", () => {
    expect(median(values)).toBe(3)
    expect(quantile(values, 0)).toBe(1)
    expect(quantile(values, 1)).toBe(5)
    expect(quantile(values, 0.999)).toBe(5)
  })

  it("have no quantile of no values", () => {
    expect(median([])).toBeNaN()
  })

  it("have the middle half as spread", () => {
    expect(spread([1, 2, 3, 4, 5, 6, 7, 8])).toEqual([3, 7])
    expect(spread([9])).toEqual([9, 9])
  })

  it("divide round by round", () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3])
    expect(ratios([2, 9, 4], [1, 3])).toEqual([2, 3])
  })
})

describe("a figure", () => {
  it("has the median of the ratios, not the ratio of the medians", () => {
    const ratio = ratioTo("the floor", [2, 4, 30], [1, 4, 10])
    expect(ratio).toEqual({ to: "the floor", value: 2, spread: [1, 3] })
  })

  it("has its rounds", () => {
    expect(ofRounds([3, 1, 2])).toEqual({ value: 2, spread: [1, 3], rounds: 3 })
  })

  it("meets a limit that it reaches", () => {
    const measure = { value: 2.6 }
    expect(atMost(measure, 2.6, "x")).toEqual({ value: 2.6, target: "<= 2.6x", met: true })
    expect(atMost(measure, 2.5, "x").met).toBe(false)
    expect(atLeast(measure, 2.6, "x")).toEqual({ value: 2.6, target: ">= 2.6x", met: true })
    expect(atLeast(measure, 2.7, "x").met).toBe(false)
  })

  it("misses a limit if it has no value", () => {
    expect(atMost({ value: Number.NaN }, 1, "").met).toBe(false)
    expect(atLeast({ value: Number.NaN }, 1, "").met).toBe(false)
  })
})

describe("the table", () => {
  const figure = { lane: "a", what: "CPU a turn, gateway", unit: "ms", ...ofRounds([1, 2, 3]) }
  const lastRow = (...figures: Parameters<typeof table>[0]) => table(figures).split("\n").at(-1)

  it("shows a value with its spread and its rounds", () => {
    expect(lastRow(figure)).toBe("| a | CPU a turn, gateway | 2.00 ms | 1.00-3.00 |  |  | 3 |  |")
  })

  it("shows a ratio with its spread and its verdict", () => {
    const ratio = atMost(ratioTo("the floor", [3, 3, 3], [1, 1, 1]), 2.6, "x")
    expect(lastRow({ ...figure, ratio })).toBe(
      "| a | CPU a turn, gateway | 2.00 ms | 1.00-3.00 | 3.00x the floor | 3.00-3.00 | 3 | <= 2.6x: **missed** |",
    )
  })

  it("shows the verdict on the value if the ratio has none", () => {
    const judged = atMost({ ...figure, ratio: ratioTo("the floor", [1], [1]) }, 2, " ms")
    expect(lastRow(judged)).toContain("| 1.00x the floor | 1.00-1.00 | 3 | <= 2 ms: met |")
  })

  it("has the same columns in each row", () => {
    const columns = table([figure, { lane: "h", what: "statements", value: 1234.5, unit: "" }])
      .split("\n")
      .map((row) => row.split("|").length)
    expect(new Set(columns)).toEqual(new Set([10]))
  })
})

describe("the arguments", () => {
  it("are all lanes and nine rounds by default, and three if quick", () => {
    expect(optionsOf([])).toMatchObject({ quick: false, rounds: 9, peers: true, against: undefined })
    expect(optionsOf(["--quick"])).toMatchObject({ quick: true, rounds: 3 })
    expect(optionsOf(["--quick", "--rounds", "7"]).rounds).toBe(7)
  })

  it.each([
    [["--lanes", "az"], '--lanes must be letters of abcdefghijklmnop, not "az"'],
    [["--lanes", ""], "--lanes must be letters of"],
    [["--rounds", "0"], '--rounds must be a whole number from 1, not "0"'],
    [["--rounds", "1.5"], '--rounds must be a whole number from 1, not "1.5"'],
    [["--rounds", "many"], '--rounds must be a whole number from 1, not "many"'],
    [["--against", "test"], '--against must be a checkout of the gateway; "test" has no src/main.ts'],
    [["--lane", "a"], "--lane"],
  ])("refuses %j", (args, message) => {
    expect(() => optionsOf(args)).toThrow(message)
  })

  it("accepts a checkout, and makes its path absolute", () => {
    expect(optionsOf(["--against", "."]).against).toBe(process.cwd())
  })
})
