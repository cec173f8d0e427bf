import { assert, describe, it } from "@effect/vitest"
import * as Bucket from "../../src/domain/Bucket.ts"

describe("Bucket", () => {
  it("is MurmurHash3 x86_32: the known values of its reference implementation", () => {
    const known: ReadonlyArray<readonly [string, number, number]> = [
      ["", 0, 0],
      ["", 1, 0x514e28b7],
      ["test", 0, 0xba6bd213],
      ["test", 0x9747b28c, 0x704b81dc],
      ["Hello, world!", 0, 0xc0363e43],
      ["Hello, world!", 0x9747b28c, 0x24884cba],
      ["aaa", 0x9747b28c, 0x283e0130],
      ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
    ]
    for (const [text, seed, hash] of known) assert.strictEqual(Bucket.murmur3(text, seed), hash, text)
  })

  it("cohorts are within 1 % of the asked share at 100 000 sessions", () => {
    const places = Array.from({ length: 100_000 }, (_, n) => Bucket.placeOf("rollout", `session-${n}`))
    for (const percent of [1, 5, 10, 25, 50, 75, 99]) {
      const inside = places.filter((place) => place < percent / 100).length
      assert.isBelow(Math.abs(inside / 1000 - percent), 1, `${percent} %`)
    }
    assert.isTrue(places.every((place) => place >= 0 && place < 1))
  })

  it("assigns anew for each flag", () => {
    const both = Array.from({ length: 10_000 }, (_, n) => `session-${n}`).filter(
      (key) => Bucket.placeOf("a", key) < 0.5 && Bucket.placeOf("b", key) < 0.5,
    )
    assert.approximately(both.length, 2500, 150)
  })
})
