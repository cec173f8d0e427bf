/** The how-to page's settings and claims: tokens of each provider, signed here, verified by the rules of its settings. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { type JWTPayload, SignJWT } from "jose"
import { readFileSync } from "node:fs"
import { parseEnv } from "node:util"
import * as Config from "../../src/config/Config.ts"
import * as Jwks from "../../src/http/Jwks.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import { missingPermissions } from "../../src/domain/Principal.ts"
import { tokenRules } from "../../src/app/StageSettings.ts"
import { noon, principal } from "../support/fixtures.ts"
import { httpClient, keyServer, makeKey, sign } from "../support/identityProvider.ts"

const page = readFileSync(new URL("../../docs/how-to/use-your-identity-provider.md", import.meta.url), "utf8")

/** The settings and the claims of one section of the page. */
const section = (title: string) => {
  const text = page.split("\n## ").find((one) => one.startsWith(`${title}\n`)) ?? ""
  const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(text)?.[1] ?? ""
  return { env: parseEnv(block("sh")), claims: JSON.parse(block("json")) as JWTPayload }
}

const secret = Redacted.make("only-for-tests-Zq7vX2mK9pLw4RtY8sBd")
const rsa = await makeKey("RS256", "key-1")

/** Signs by `key`, or by the secret without one. */
const signed = (key: typeof rsa | undefined, payload: Readonly<Record<string, unknown>>) =>
  Effect.promise(() =>
    key === undefined
      ? new SignJWT(payload)
          .setProtectedHeader({ alg: "HS256", typ: "JWT" })
          .sign(new TextEncoder().encode(Redacted.value(secret)))
      : sign(key, payload),
  )

const verifierOf = Effect.fnUntraced(function* (env: Config.Environment) {
  const server = yield* keyServer([rsa.jwk])
  yield* TestClock.setTime(noon)
  const jwks = yield* Jwks.make(server.url)
  const rules = tokenRules(yield* Config.read({ AUTH_REQUIRE_EXP: "true", ...env }))
  return { secrets: [secret], jwks, rules } satisfies Jwt.Verifier
})

const fresh = { iat: noon / 1000, exp: noon / 1000 + 300 }

const providers = [
  {
    title: "Auth0",
    key: rsa,
    orgId: "org_9ybsU1dN2dKfDkBi",
    userId: "auth0|6553da60a54af58e29493993",
    permissions: ["chat:write", "sessions:write", "chat:read"],
    refused: [{ aud: "https://my-domain.auth0.com/userinfo" }, { iss: "https://my-domain.auth0.com" }],
  },
  {
    title: "Keycloak",
    key: rsa,
    orgId: "acme",
    userId: "36fa0f91-f94d-4a0c-afed-6b7d952e47da",
    permissions: ["openid", "email", "profile", "organization", "chat:*", "sessions:write"],
    refused: [{ typ: "Refresh" }, { typ: "ID" }, { azp: "other" }, { organization: ["acme", "umbrella"] }],
  },
  {
    title: "Clerk",
    key: rsa,
    orgId: "org_2abc",
    userId: "user_2ghi",
    permissions: ["chat:*", "sessions:write"],
    refused: [{ azp: "https://evil.example" }, { o: undefined }, { iss: "https://other.example" }],
  },
  {
    title: "Amazon Cognito",
    key: rsa,
    orgId: "acme",
    userId: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    permissions: ["openid", "chat:*", "sessions:write"],
    refused: [{ token_use: "id", aud: "1example23456789" }, { client_id: "other" }, { org_id: undefined }],
  },
  {
    title: "Tokens of the system before this one",
    key: undefined,
    orgId: "acme",
    userId: "u-1842",
    permissions: ["chat:*", "sessions:write"],
    refused: [{ orgId: undefined }, { userId: "" }, { exp: undefined }],
  },
]

describe("X1: with the settings of the how-to page", () => {
  it.effect.each(providers)("a token of $title works as it is", (one) =>
    Effect.gen(function* () {
      const { claims, env } = section(one.title)
      const verifier = yield* verifierOf(env)
      const token = yield* signed(one.key, { ...claims, ...fresh })
      const found = (yield* Jwt.verify(verifier, token)).principal
      assert.deepStrictEqual<unknown>(found, {
        orgId: one.orgId,
        userId: one.userId,
        permissions: one.permissions,
      })
      for (const change of one.refused) {
        const other = yield* signed(one.key, { ...claims, ...fresh, ...change })
        const error = yield* Effect.flip(Jwt.verify(verifier, other))
        assert.strictEqual(error._tag, "TokenInvalid", JSON.stringify(change))
      }
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect.each(providers)("$title: a token of `crossfade token` works too", ({ title }) =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf(section(title).env)
      const token = yield* Jwt.mint(secret, { ...principal, permissions: ["chat:*"] }, 1, verifier.rules)
      const found = (yield* Jwt.verify(verifier, token)).principal
      assert.deepStrictEqual(found, { ...principal, permissions: ["chat:*"] })
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("Operators: the staff's issuer makes operators, the customers' issuer does not", () =>
    Effect.gen(function* () {
      const { claims, env } = section("Operators")
      const verifier = yield* verifierOf(env)
      const permissionsFrom = Effect.fnUntraced(function* (iss: string | undefined) {
        const token = yield* signed(rsa, { ...claims, ...fresh, iss })
        return (yield* Jwt.verify(verifier, token)).principal.permissions
      })
      assert.deepStrictEqual(yield* permissionsFrom(claims.iss), ["operator:*"])
      assert.deepStrictEqual(yield* permissionsFrom(env["AUTH_ISSUER"]), [])
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("Clerk: a token of version 1 works as well", () =>
    Effect.gen(function* () {
      const { env } = section("Clerk")
      const verifier = yield* verifierOf(env)
      const token = yield* signed(rsa, {
        ...fresh,
        azp: "https://chat.example",
        iss: "https://clerk.example",
        sub: "user_2ghi",
        org_id: "org_2abc",
        org_role: "org:admin",
        org_slug: "acme",
        org_permissions: ["org:sys_profile:manage"],
      })
      const found = (yield* Jwt.verify(verifier, token)).principal
      assert.deepStrictEqual<unknown>([found.orgId, found.userId], ["org_2abc", "user_2ghi"])
      assert.deepStrictEqual(missingPermissions(found, ["chat:write", "agents:write", "admin:read"]), [
        "admin:read",
      ])
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("Clerk: `sub` at the end of AUTH_CLAIM_ORG makes a user without one an organisation", () =>
    Effect.gen(function* () {
      const { claims, env } = section("Clerk")
      const verifier = yield* verifierOf({ ...env, AUTH_CLAIM_ORG: "o.id,org_id,sub" })
      const { o: _, ...alone } = claims
      const token = yield* signed(rsa, { ...alone, ...fresh })
      assert.strictEqual<string>((yield* Jwt.verify(verifier, token)).principal.orgId, "user_2ghi")
    }).pipe(Effect.provide(httpClient)),
  )
})
