import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
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

/** Counts the signature checks: each check reads the secrets once. */
const counting = () => {
  const counter = { checks: 0 }
  const verifier: Jwt.Verifier = {
    get secrets() {
      counter.checks += 1
      return [secret]
    },
    rules: defaults,
  }
  return { counter, verifier }
}

describe("a token that was verified", () => {
  it.effect("is verified once for requests that arrive together", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const { counter, verifier } = counting()
      const verify = yield* VerifiedTokens.make(verifier)
      const all = yield* Effect.all(
        Array.from({ length: 10 }, () => verify(token)),
        {
          concurrency: "unbounded",
        },
      )
      assert.deepStrictEqual(new Set(all).size, 1)
      assert.strictEqual(counter.checks, 1)
    }),
  )

  it.effect("is verified for the other requests when the first one is interrupted", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const verify = yield* VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const first = yield* Effect.forkChild(verify(token), { startImmediately: true })
      const second = yield* Effect.forkChild(verify(token), { startImmediately: true })
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual(yield* Fiber.join(second), { expiresAt, principal })
    }),
  )

  it.effect("is not verified again within a minute", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const verify = yield* VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const first = yield* verify(token)
      assert.deepStrictEqual(first, { expiresAt, principal })
      assert.strictEqual(yield* verify(token), first)
    }),
  )

  it.effect("is verified again after a minute", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const verify = yield* VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const first = yield* verify(token)
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* verify(token), first)
      yield* TestClock.adjust("1 second")
      const again = yield* verify(token)
      assert.deepStrictEqual(again, { expiresAt, principal })
      assert.notStrictEqual(again, first)
    }),
  )

  it.effect("is refused after its own expiry", () =>
    Effect.gen(function* () {
      // The expiry is the claim exp plus a minute of leeway.
      const token = yield* mint(-30 / 3600)
      const verify = yield* VerifiedTokens.make({ secrets: [secret], rules: defaults })
      yield* verify(token)
      yield* TestClock.adjust(29_999)
      assert.deepStrictEqual(yield* verify(token), { expiresAt: noon + 30_000, principal })
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Effect.flip(verify(token)))._tag, "TokenExpired")
    }),
  )

  it.effect("does not vouch for another token: a changed signature, claim or case is refused", () =>
    Effect.gen(function* () {
      const token = yield* mint(1)
      const verify = yield* VerifiedTokens.make({ secrets: [secret], rules: defaults })
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
        // A refusal is not cached as a success.
        assert.strictEqual((yield* Effect.flip(verify(forged)))._tag, "TokenInvalid")
      }
      assert.deepStrictEqual(yield* verify(token), { expiresAt, principal })
    }),
  )

  it.effect("leaves the cache first when ten thousand others were used after it", () =>
    Effect.gen(function* () {
      const verify = yield* VerifiedTokens.make({ secrets: [secret], rules: defaults })
      const token = yield* mint(1)
      const first = yield* verify(token)
      yield* Effect.forEach(Array.from({ length: 10_000 }), (_, index) =>
        Effect.flatMap(Jwt.mint(secret, { ...principal, permissions: [`p:${index}`] }, 1), verify),
      )
      assert.notStrictEqual(yield* verify(token), first)
    }),
  )
})
