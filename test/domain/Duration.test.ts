import { describe, expect, it } from "vitest"
import { durationText, parseDuration, typedDuration } from "../../src/domain/Duration.ts"

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]

describe("a duration for people", () => {
  it.each([
    [-5, "0 s"],
    [400, "0 s"],
    [12 * second, "12 s"],
    [59_999, "1 min"],
    [91 * second, "1 min 31 s"],
    [90 * minute, "1 h 30 min"],
    [hour + 5 * second, "1 h"],
    [9 * day + 23 * hour + 59 * minute, "9 d 23 h"],
  ])("has its two largest units: %j ms", (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it("has one unit on request", () => {
    expect([90 * second, 90 * minute, 2 * day].map((ms) => durationText(ms, 1))).toEqual([
      "1 min",
      "1 h",
      "2 d",
    ])
  })
})

describe("a typed duration", () => {
  it.each([
    ["90s", 90_000],
    ["1h 30m", 5_400_000],
    ["1H30M", 5_400_000],
    ["1.5h", 5_400_000],
    ["2 d", 172_800_000],
    ["250ms", 250],
    ["0", 0],
    ["", undefined],
    ["5", undefined],
    ["1h x", undefined],
    ["1h x 3s", undefined],
    ["5y", undefined],
    ["h", undefined],
    ["-5m", undefined],
  ])("is read, and written the same: %j", (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
    expect(ms === undefined || parseDuration(typedDuration(ms)) === ms).toBe(true)
  })
})
