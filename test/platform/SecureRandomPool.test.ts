import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as SecureRandomPool from "../../src/platform/SecureRandomPool.ts"

describe("randomness from a pool", () => {
  it.effect("is of the size that was asked for, also beyond a page, and none of it is given twice", () =>
    Effect.gen(function* () {
      const random = yield* SecureRandom.SecureRandom
      const seen = new Set<string>()
      const sizes = [16, 4096, 4097, 10, 16, 16, 9000, ...Array.from({ length: 2000 }, () => 16)]
      for (const size of sizes) {
        const bytes = yield* random.randomBytes(size)
        assert.lengthOf(bytes, size)
        seen.add(Buffer.from(bytes.subarray(0, 10)).toString("hex"))
      }
      assert.strictEqual(seen.size, sizes.length)
    }).pipe(Effect.provide(SecureRandomPool.layer)),
  )
})
