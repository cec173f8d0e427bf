import { describe, expect, it } from "vitest"
import { isStalled, type Look } from "../../src/http/Delivery.ts"

const limits = { takesNothingMs: 30_000, unansweredMs: 10_000 }
const waits: Look = { delivered: 100, waiting: true, unanswered: false }

/** The seconds of the first look at which the connection is cut; a look each second. */
const cutAt = (looks: (second: number) => Look, seconds = 120): number | undefined => {
  const watch = { delivered: 0, since: 0 }
  for (let second = 1; second <= seconds; second++)
    if (isStalled(watch, looks(second), second * 1000, limits)) return second
  return undefined
}

describe("a connection", () => {
  it("is cut 30 s after the last byte was delivered", () => {
    expect(cutAt(() => waits)).toBe(31)
    expect(cutAt((second) => ({ ...waits, delivered: Math.min(second, 50) }))).toBe(80)
  })

  it("is cut after 10 s when the peer's kernel is silent as well", () => {
    expect(cutAt(() => ({ ...waits, unanswered: true }))).toBe(11)
  })

  it("is kept while a byte is delivered now and then", () => {
    expect(cutAt((second) => ({ ...waits, delivered: Math.floor(second / 29) }))).toBe(undefined)
  })

  it("is kept while nothing waits for it, however long", () => {
    expect(cutAt(() => ({ ...waits, waiting: false }))).toBe(undefined)
  })

  it("has the whole time again after an idle one", () => {
    expect(cutAt((second) => ({ ...waits, waiting: second > 60 }))).toBe(90)
  })

  it("is not taken for a fast one when a look saw too little", () => {
    expect(cutAt((second) => ({ ...waits, delivered: second % 2 === 0 ? 40 : 100 }))).toBe(31)
  })
})
