import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { SignJWT } from "jose"
import { defaults } from "../../src/domain/TokenRules.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import * as ReadTicket from "../../src/http/ReadTicket.ts"
import { noon, principal, runId, runIdOf } from "../support/fixtures.ts"

const secret = Redacted.make("not-a-secret-only-for-tests-0123456789")
const until = noon + 3_660_000
const refusal = (ticket: string, of: string = runId) =>
  Effect.map(Effect.flip(ReadTicket.verify(secret, ticket, of)), ({ _tag }) => _tag)

describe("a read ticket", () => {
  it.effect("lets its holder read, and nothing else, as the user who got it", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const { expiresAt, ticket } = yield* ReadTicket.mint(secret, principal, runId, until)
      assert.strictEqual(expiresAt, noon + 60_000)
      for (const of of [runId, runId.toUpperCase()])
        assert.deepStrictEqual(yield* ReadTicket.verify(secret, ticket, of), {
          principal: { ...principal, permissions: ["chat:read"] },
          expiresAt: until,
        })
    }),
  )

  it.effect("ends with the token that it was made by, or after a minute without such an end", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const short = yield* ReadTicket.mint(secret, principal, runId, noon + 10_500)
      assert.strictEqual(short.expiresAt, noon + 10_000)
      assert.strictEqual((yield* ReadTicket.verify(secret, short.ticket, runId)).expiresAt, noon + 10_500)
      const endless = yield* ReadTicket.mint(secret, principal, runId, Number.POSITIVE_INFINITY)
      assert.strictEqual(endless.expiresAt, noon + 60_000)
      assert.strictEqual(
        (yield* ReadTicket.verify(secret, endless.ticket, runId)).expiresAt,
        Number.POSITIVE_INFINITY,
      )
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* refusal(short.ticket), "TokenExpired")
    }),
  )

  it.effect("is of one run and one minute", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const { ticket } = yield* ReadTicket.mint(secret, principal, runId, until)
      assert.strictEqual(yield* refusal(ticket, runIdOf(2)), "TokenInvalid")
      yield* TestClock.adjust("59 seconds")
      yield* ReadTicket.verify(secret, ticket, runId)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* refusal(ticket), "TokenExpired")
    }),
  )

  it.effect("is no token, and a token is no ticket, also with a ticket's claims and type", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const { ticket } = yield* ReadTicket.mint(secret, principal, runId, until)
      assert.strictEqual(
        (yield* Effect.flip(Jwt.verify({ secrets: [secret], rules: defaults }, ticket)))._tag,
        "TokenInvalid",
      )
      assert.strictEqual(yield* refusal(yield* Jwt.mint(secret, principal, 1)), "TokenInvalid")
      const forged = yield* Effect.promise(() =>
        new SignJWT({ org_id: principal.orgId, run_id: runId })
          .setProtectedHeader({ alg: "HS256", typ: "ticket+jwt" })
          .setSubject(principal.userId)
          .setAudience("crossfade:run-events")
          .setExpirationTime(noon / 1000 + 60)
          .sign(new TextEncoder().encode(Redacted.value(secret))),
      )
      assert.strictEqual(yield* refusal(forged), "TokenInvalid")
      for (const text of ["x", `${ticket}x`, ticket.split(".").slice(0, 2).join(".") + "."])
        assert.strictEqual(yield* refusal(text), "TokenInvalid")
    }),
  )
})
