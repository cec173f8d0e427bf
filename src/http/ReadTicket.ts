/**
 * Read tickets for the browser's EventSource, which cannot send a token: in the URL, for the events of one run, valid
 * for a minute to open streams. A token in a URL would end up in logs and histories; a ticket there is soon
 * worthless. Stateless, so each replica accepts them: JSON Web Tokens, HS256, with their own audience.
 *
 * The key is derived from the signing secret, so a ticket is never a valid token, and a token never a valid ticket.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { jwtVerify, SignJWT } from "jose"
import { createHmac } from "node:crypto"
import { OrgId, RunId, UserId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import { fromJose, type Secret, type TokenExpired, TokenInvalid, type Verified } from "./Jwt.ts"

/** Enough for a page to open its stream. An open stream ends with the token that created its ticket. */
const lifetimeSeconds = 60

const audience = "crossfade:run-events"
const type = "ticket+jwt"

const keyOf = (secret: Secret) => createHmac("sha256", Redacted.value(secret)).update(audience).digest()

/** `access_until`: the expiry in seconds of the token that created the ticket; absent for a token without an end. */
const Claims = Schema.Struct({
  sub: UserId,
  org_id: OrgId,
  run_id: RunId,
  access_until: Schema.optionalKey(Schema.Finite),
})
const decodeClaims = Schema.decodeUnknownEffect(Claims)

export interface ReadTicket {
  readonly ticket: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** `accessEnds`: the expiry of the principal's token in epoch milliseconds. Its tickets end no later. */
export const mint = (
  secret: Secret,
  principal: Principal,
  runId: RunId,
  accessEnds: number,
): Effect.Effect<ReadTicket> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const issued = Math.floor(now / 1000)
    const accessUntil = accessEnds / 1000
    const expires = Math.min(issued + lifetimeSeconds, Math.floor(accessUntil))
    const signed = new SignJWT({
      org_id: principal.orgId,
      run_id: runId,
      ...(Number.isFinite(accessUntil) ? { access_until: accessUntil } : {}),
    })
      .setProtectedHeader({ alg: "HS256", typ: type })
      .setSubject(principal.userId)
      .setAudience(audience)
      .setIssuedAt(issued)
      .setExpirationTime(expires)
      .sign(keyOf(secret))
    return Effect.map(
      Effect.promise(() => signed),
      (ticket) => ({ ticket, expiresAt: expires * 1000 }),
    )
  })

/** The holder, who may only read the run's events. */
export const verify = (
  secret: Secret,
  ticket: string,
  runId: string,
): Effect.Effect<Verified, TokenExpired | TokenInvalid> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(ticket, keyOf(secret), {
          algorithms: ["HS256"],
          audience,
          currentDate: new Date(now),
          requiredClaims: ["exp"],
          typ: type,
        }),
      catch: fromJose,
    })
    const claims = yield* Effect.mapError(decodeClaims(payload), () => notThisRun)
    if (claims.run_id !== runId.toLowerCase()) return yield* notThisRun
    return {
      principal: { orgId: claims.org_id, userId: claims.sub, permissions: ["chat:read"] },
      expiresAt: (claims.access_until ?? Number.POSITIVE_INFINITY) * 1000,
    }
  })

const notThisRun = new TokenInvalid({ reason: "The ticket is not for this run." })
