import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { SignJWT } from "jose"
import { missingPermissions } from "../../src/domain/Principal.ts"
import { defaults, type TokenRules } from "../../src/domain/TokenRules.ts"
import * as Jwks from "../../src/http/Jwks.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import { noon } from "../support/fixtures.ts"
import { httpClient, keyServer, makeKey, sign } from "../support/identityProvider.ts"

const secret = "only-for-tests-Zq7vX2mK9pLw4RtY8sBd"
const previous = "only-for-tests-old-8sBd2mK9pLw4RtY7"
const operators = "only-for-tests-operators-Hc6vX1qJz5FgT0"
const operatorsBefore = "only-for-tests-operators-old-Pw4RtY7sBd"
const staff = "https://staff.example/"
const key = await makeKey("RS256", "key-1")

const rules: TokenRules = {
  ...defaults,
  operatorIssuers: [staff],
  grants: [{ role: "operators", permissions: ["operator:*", "chat:read"] }],
}
const everything = ["*", "admin:*", "operator:*", "operator:read", "operator"]
const claims = { sub: "olga", org_id: "ops", permissions: everything, exp: noon / 1000 + 60 }

type Payload = Readonly<Record<string, unknown>>
const bySecret = (text: string) => (payload: Payload) =>
  new SignJWT(payload).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(new TextEncoder().encode(text))
const byProvider = (payload: Payload) => sign(key, payload)

const verifierOf = Effect.fnUntraced(function* (given: TokenRules) {
  const server = yield* keyServer([key.jwk])
  yield* TestClock.setTime(noon)
  return {
    secrets: [secret, previous].map((text) => Redacted.make(text)),
    operatorSecrets: [operators, operatorsBefore].map((text) => Redacted.make(text)),
    jwks: yield* Jwks.make(server.url),
    rules: given,
  } satisfies Jwt.Verifier
})

const permissionsOf = Effect.fnUntraced(function* (verifier: Jwt.Verifier, token: Promise<string>) {
  return (yield* Jwt.verify(verifier, yield* Effect.promise(() => token))).principal.permissions
})

describe("operators' permissions in a token", () => {
  it.effect.each([
    ["a secret of operators", bySecret(operators), {}],
    ["an earlier secret of operators", bySecret(operatorsBefore), {}],
    ["an issuer of operators", byProvider, { iss: staff }],
  ] as const)("count when it comes from %s, also by a role", ([, by, change]) =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf(rules)
      assert.deepStrictEqual(yield* permissionsOf(verifier, by({ ...claims, ...change })), everything)
      const byRole = { ...claims, ...change, permissions: [], role: "operators" }
      assert.deepStrictEqual(yield* permissionsOf(verifier, by(byRole)), ["operator:*", "chat:read"])
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect.each([
    ["the callers' secret", bySecret(secret), {}],
    ["the callers' secret in the name of an issuer of operators", bySecret(secret), { iss: staff }],
    ["an earlier secret of callers", bySecret(previous), { iss: staff }],
    ["another issuer", byProvider, { iss: "https://id.example/" }],
    ["an issuer that only looks alike", byProvider, { iss: staff.slice(0, -1) }],
    ["no issuer", byProvider, {}],
  ] as const)("do not count when it comes from %s, nor by a role", ([, by, change]) =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf(rules)
      const token = by({ ...claims, ...change, role: "operators" })
      const permissions = yield* permissionsOf(verifier, token)
      assert.deepStrictEqual(permissions, ["*", "admin:*", "chat:read"])
      const { principal } = yield* Jwt.verify(verifier, yield* Effect.promise(() => token))
      const needed = ["operator:read", "operator:write"]
      assert.deepStrictEqual(missingPermissions(principal, needed), needed)
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("X1: do not come with a list as iss, which names an issuer of operators among others", () =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf(rules)
      const forged = byProvider({ ...claims, iss: [staff] })
      assert.notInclude(yield* permissionsOf(verifier, forged), "operator:*")
    }).pipe(Effect.provide(httpClient)),
  )
})

describe("an issuer of operators", () => {
  it.effect("is accepted beside the issuers of callers", () =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf({ ...rules, issuers: ["https://id.example/"] })
      assert.include(yield* permissionsOf(verifier, byProvider({ ...claims, iss: staff })), "operator:*")
      const other = yield* Effect.promise(() => byProvider({ ...claims, iss: "https://evil.example/" }))
      assert.strictEqual((yield* Effect.flip(Jwt.verify(verifier, other)))._tag, "TokenInvalid")
    }).pipe(Effect.provide(httpClient)),
  )
})
