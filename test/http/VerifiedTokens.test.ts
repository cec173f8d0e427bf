import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { defaults } from "../../src/domain/TokenRules.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import * as VerifiedTokens from "../../src/http/VerifiedTokens.ts"
import { noon, orgId, userId } from "../support/fixtures.ts"

const secret = Redacted.make("0123456789abcdef0123456789abcdef")
const principal = { orgId, userId, permissions: ["chat:*"] }
const expiresAt = noon + 3_660_000
const mint = (hours: number) => Effect.andThen(TestClock.setTime(noon), Jwt.mint(secret, principal, hours))

describe("a token that was verified", () => {
  it.effect("is known again, as the same principal", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const verify = VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const first = yield* verify(token)
      assert.deepStrictEqual(first, { expiresAt, principal })
      assert.strictEqual(yield* verify(token), first)
    }),
  )

  it.effect("is verified again after a minute", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const verify = VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const first = yield* verify(token)
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* verify(token), first)
      yield* TestClock.adjust("1 second")
      const again = yield* verify(token)
      assert.deepStrictEqual(again, { expiresAt, principal })
      assert.notStrictEqual(again, first)
    }),
  )

  it.effect("is not known beyond its own end", () =>
    Effect.gen(function* () {
      // Its end is the claim exp and a minute of leeway.
      const token = yield* mint(-30 / 3600)
      const verify = VerifiedTokens.make({ secrets: [secret], rules: defaults })
      yield* verify(token)
      yield* TestClock.adjust(29_999)
      assert.deepStrictEqual(yield* verify(token), { expiresAt: noon + 30_000, principal })
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Effect.flip(verify(token)))._tag, "TokenExpired")
    }),
  )

  it.effect(
    "makes no other token known: one with a changed signature, claim or case is refused as before",
    () =>
      Effect.gen(function* () {
        const token = yield* mint(1)
        const verify = VerifiedTokens.make({ secrets: [secret], rules: defaults })
        yield* verify(token)
        const [header = "", payload = "", signature = ""] = token.split(".")
        const other = Buffer.from(JSON.stringify({ sub: "eve", org_id: orgId })).toString("base64url")
        for (const forged of [
          `${header}.${payload}.${signature.slice(0, -2)}AA`,
          `${header}.${other}.${signature}`,
          `${header}.${payload}.`,
          token.toUpperCase(),
        ]) {
          assert.strictEqual((yield* Effect.flip(verify(forged)))._tag, "TokenInvalid")
          // And a refusal is not kept in anybody's favour.
          assert.strictEqual((yield* Effect.flip(verify(forged)))._tag, "TokenInvalid")
        }
        assert.deepStrictEqual(yield* verify(token), { expiresAt, principal })
      }),
  )

  it.effect("is one of ten thousand: the one that was verified longest ago goes", () =>
    Effect.gen(function* () {
      const verify = VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const token = yield* mint(1)
      const first = yield* verify(token)
      yield* Effect.forEach(Array.from({ length: 10_000 }), (_, index) =>
        Effect.flatMap(Jwt.mint(secret, { ...principal, permissions: [`p:${index}`] }, 1), verify),
      )
      assert.notStrictEqual(yield* verify(token), first)
    }),
  )
})
