import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Config from "../../src/config/Config.ts"
import { tokenRules } from "../../src/app/StageSettings.ts"

const [old, older] = ["only-for-tests-old-8sBd2mK9pLw4RtY7", "only-for-tests-older-3nHc6vX1qJz5FgT0"]

describe("the token variables", () => {
  it.effect("become the rules for tokens", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({
        AUTH_ISSUER: "https://id.example/",
        AUTH_OPERATOR_ISSUERS: "https://staff.example/",
        AUTH_JWKS_URL: "https://id.example/jwks",
        AUTH_AUDIENCE: "chat, web",
        AUTH_TYP: "at+jwt",
        AUTH_REQUIRE_EXP: "false",
        AUTH_REQUIRED_CLAIMS: "token_use=access,https://id.example/tier=a=b",
        AUTH_CLAIM_ORG: "https://id.example/org, o.id",
        AUTH_CLAIM_USER: "userId",
        AUTH_CLAIM_PERMISSIONS: "scp",
        AUTH_CLAIM_ROLES: "realm_access.roles",
        AUTH_CLAIM_AUDIENCE: "azp",
        AUTH_ROLES: "admin=*; org:member = chat:*, sessions:write ;",
      })
      assert.deepStrictEqual(tokenRules(settings), {
        issuers: ["https://id.example/"],
        operatorIssuers: ["https://staff.example/"],
        audiences: ["chat", "web"],
        audienceClaim: "azp",
        type: "at+jwt",
        requireExpiry: false,
        required: [
          { claim: "token_use", value: "access" },
          { claim: "https://id.example/tier", value: "a=b" },
        ],
        org: ["https://id.example/org", "o.id"],
        user: ["userId"],
        permissions: ["scp"],
        roles: ["realm_access.roles"],
        grants: [
          { role: "admin", permissions: ["*"] },
          { role: "org:member", permissions: ["chat:*", "sessions:write"] },
        ],
      })
    }),
  )

  it.effect("X6: keep previous secrets separate, and out of every text", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({ AUTH_JWT_PREVIOUS_SECRETS: `${old}, ${older}` })
      assert.deepStrictEqual(settings.AUTH_JWT_PREVIOUS_SECRETS.map(Redacted.value), [old, older])
      assert.notMatch(JSON.stringify(settings), /only-for-tests/)
    }),
  )

  it.effect("refuse one secret for tokens of callers and of operators", () =>
    Effect.gen(function* () {
      for (const callers of ["AUTH_JWT_SECRET", "AUTH_JWT_PREVIOUS_SECRETS"])
        for (const operators of ["AUTH_OPERATOR_SECRET", "AUTH_OPERATOR_PREVIOUS_SECRETS"]) {
          const { message } = yield* Effect.flip(Config.read({ [callers]: old, [operators]: old }))
          assert.include(message, `${operators}: found a secret of AUTH_JWT_SECRET or`)
          assert.notInclude(message, old)
          yield* Config.read({ [callers]: old, [operators]: older })
        }
    }),
  )

  it.effect("refuse an operators' issuer without a source of keys", () =>
    Effect.gen(function* () {
      const AUTH_OPERATOR_ISSUERS = "https://staff.example/"
      const { problems } = yield* Effect.flip(Config.read({ AUTH_OPERATOR_ISSUERS }))
      assert.deepStrictEqual(
        problems.map(({ variable }) => variable),
        ["AUTH_OPERATOR_ISSUERS"],
      )
      yield* Config.read({ AUTH_OPERATOR_ISSUERS, AUTH_JWKS_URL: "https://staff.example/jwks" })
    }),
  )

  it.effect("accept a key URL with https, or with http on this machine", () =>
    Effect.gen(function* () {
      for (const AUTH_JWKS_URL of [
        "https://id.example/realms/a/protocol/openid-connect/certs",
        "https://id.example/keys?p=policy",
        "http://127.0.0.1:8080/jwks",
        "http://localhost/jwks",
        "http://[::1]:8080/jwks",
      ])
        assert.strictEqual((yield* Config.read({ AUTH_JWKS_URL })).AUTH_JWKS_URL, AUTH_JWKS_URL)
    }),
  )

  it.effect("X6: refuse credentials in the key URL, and do not repeat them", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(
        Config.read({ AUTH_JWKS_URL: "https://u:canary@id.example/jwks" }),
      )
      assert.include(message, "AUTH_JWKS_URL")
      assert.notInclude(message, "canary")
    }),
  )

  it.effect("X1: refuse a public key as a secret, in each of its forms", () =>
    Effect.gen(function* () {
      for (const key of [
        `-----BEGIN PUBLIC KEY-----\n${"A".repeat(64)}\n-----END PUBLIC KEY-----`,
        `ssh-rsa ${"A".repeat(64)}`,
        `{"kty":"RSA","n":"${"A".repeat(64)}"}`,
      ])
        for (const variable of [
          "AUTH_JWT_SECRET",
          "AUTH_JWT_PREVIOUS_SECRETS",
          "AUTH_OPERATOR_SECRET",
          "AUTH_OPERATOR_PREVIOUS_SECRETS",
        ])
          assert.include((yield* Effect.flip(Config.read({ [variable]: key }))).message, variable)
    }),
  )
})
