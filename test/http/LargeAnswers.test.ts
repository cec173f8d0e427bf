import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { describe, expect, it } from "vitest"
import { LargeAnswers } from "../../src/http/LargeAnswers.ts"

const mebibyte = 1024 * 1024

describe("answers that are written whole", () => {
  it("are refused while others hold the memory, and let in once those are read or cut", () => {
    const answers = new LargeAnswers()
    const held: Array<() => void> = []
    const admit = (bytes: number) =>
      answers.admit(HttpServerResponse.text("x".repeat(bytes)), (release) => held.push(release))
    expect([admit(20 * mebibyte), admit(10 * mebibyte), admit(10 * mebibyte)]).toEqual([true, true, false])
    held.shift()?.()
    expect(admit(10 * mebibyte)).toBe(true)
    expect(admit(20_000)).toBe(true)
  })

  it("include one that is larger than the limit, alone", () => {
    const answers = new LargeAnswers()
    const admit = (bytes: number) => answers.admit(HttpServerResponse.text("x".repeat(bytes)), () => {})
    expect([admit(40 * mebibyte), admit(mebibyte)]).toEqual([true, false])
  })
})
