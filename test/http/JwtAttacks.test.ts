/** Tokens of attackers, who have no key of ours or one that is for something else; then the tokens that are accepted. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import {
  type CryptoKey as PublicKey,
  exportJWK,
  exportSPKI,
  type JWK,
  importJWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose"
import { createHmac } from "node:crypto"
import * as Jwks from "../../src/http/Jwks.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import { defaults, type TokenRules } from "../../src/domain/TokenRules.ts"
import { noon } from "../support/fixtures.ts"
import { httpClient, keyServer, makeKey, type ProviderKey, sign } from "../support/identityProvider.ts"

const now = noon / 1000
const rules: TokenRules = {
  ...defaults,
  issuers: ["https://id.example/"],
  audiences: ["chat"],
  required: [{ claim: "token_use", value: "access" }],
}
const claims: JWTPayload = {
  iss: "https://id.example/",
  aud: ["chat", "https://id.example/userinfo"],
  sub: "ana",
  org_id: "acme",
  permissions: ["chat:read"],
  token_use: "access",
  exp: now + 3600,
}

const secret = "only-for-tests-Zq7vX2mK9pLw4RtY8sBd"
const previous = "only-for-tests-old-8sBd2mK9pLw4RtY7"
const [rsa, ec, ed, stranger, strangerEc, strangerEd] = await Promise.all([
  makeKey("RS256", "rsa"),
  makeKey("ES256", "ec"),
  makeKey("EdDSA", "ed"),
  makeKey("RS256", "rsa"),
  makeKey("ES256", "ec"),
  makeKey("EdDSA", "ed"),
])
const [rs512, ps256] = await Promise.all([makeKey("RS512", "rs512"), makeKey("PS256", "ps256")])
const publicPem = await exportSPKI((await importJWK(rsa.jwk, "RS256")) as PublicKey)
const forEncryption = await makeKey("RS256", "enc")
const notForVerifying = await makeKey("RS256", "ops")
const ofAnyAlgorithm = (jwk: JWK): JWK => {
  const { alg: _, ...rest } = jwk
  return rest
}
const published = [
  rsa.jwk,
  ec.jwk,
  ed.jwk,
  { ...forEncryption.jwk, use: "enc" },
  { ...notForVerifying.jwk, key_ops: ["encrypt"] },
  ofAnyAlgorithm(rs512.jwk),
  ofAnyAlgorithm(ps256.jwk),
  { kty: "oct", kid: "oct", alg: "HS256", k: Buffer.from("x".repeat(32)).toString("base64url") },
  { ...(await exportJWK(stranger.privateKey)), kid: "private", alg: "RS256" },
]

const part = (json: unknown) =>
  Buffer.from(typeof json === "string" ? json : JSON.stringify(json)).toString("base64url")

/** Signed by HMAC with any key, whatever the header says. */
const hmac = (key: string | Buffer, header: unknown, payload: unknown = claims, hash = "sha256") => {
  const body = `${part(header)}.${part(payload)}`
  return `${body}.${createHmac(hash, key).update(body).digest("base64url")}`
}

const hs = (payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}, key = secret) =>
  new SignJWT(payload).setProtectedHeader({ alg: "HS256", ...header }).sign(new TextEncoder().encode(key))

const unsigned = (header: unknown, signature = "") => `${part(header)}.${part(claims)}.${signature}`
const swapped = async (key: ProviderKey, header: unknown) => {
  const [, payload, signature] = (await sign(key, claims)).split(".")
  return `${part(header)}.${payload}.${signature}`
}
const without = (claim: string) =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim))

type Made = string | Promise<string>

const algorithms: Readonly<Record<string, () => Made>> = {
  "alg none": () => unsigned({ alg: "none" }),
  "alg None": () => unsigned({ alg: "None" }),
  "alg NONE with a signature": () => unsigned({ alg: "NONE" }, "AAAA"),
  "alg none over a signature of ours": () => swapped(rsa, { alg: "none", kid: "rsa" }),
  "an empty alg": () => unsigned({ alg: "" }),
  "no alg": () => unsigned({ typ: "JWT" }),
  "alg as a list": () => unsigned({ alg: ["HS256"] }),
  "alg as null": () => unsigned({ alg: null }),
  "alg hs256 in lower case": () => hmac(secret, { alg: "hs256" }),
  "alg with a blank": () => hmac(secret, { alg: "HS256 " }),
  "HS256 with the public key as PEM": () => hmac(publicPem, { alg: "HS256", kid: "rsa" }),
  "HS256 with the public key as PEM without its last line break": () =>
    hmac(publicPem.trim(), { alg: "HS256", kid: "rsa" }),
  "HS256 with the public key as JWK": () => hmac(JSON.stringify(rsa.jwk), { alg: "HS256", kid: "rsa" }),
  "HS256 with the modulus": () =>
    hmac(Buffer.from(rsa.jwk.n ?? "", "base64url"), { alg: "HS256", kid: "rsa" }),
  "HS256 with the public x of an Ed25519 key": () =>
    hmac(Buffer.from(ed.jwk.x ?? "", "base64url"), { alg: "HS256", kid: "ed" }),
  "HS256 with a symmetric key of the published set": () => hmac("x".repeat(32), { alg: "HS256", kid: "oct" }),
  "HS256 with an empty key": () => hmac("", { alg: "HS256" }),
  "HS384 with our secret": () => hmac(secret, { alg: "HS384" }, claims, "sha384"),
  "HS512 with our secret": () => hmac(secret, { alg: "HS512" }, claims, "sha512"),
  "RS256 over an HMAC with our secret": () => hmac(secret, { alg: "RS256", kid: "rsa" }),
  "ES256 over a signature of RS256": () => swapped(rsa, { alg: "ES256", kid: "ec" }),
  "RS256 over a signature of ES256": () => swapped(ec, { alg: "RS256", kid: "rsa" }),
  "PS256 with a key for RS256": () => swapped(rsa, { alg: "PS256", kid: "rsa" }),
  "RS512 with a key for RS256": () => swapped(rsa, { alg: "RS512", kid: "rsa" }),
  "RS512 with a published key of any algorithm": () => sign(rs512, claims),
  "PS256 with a published key of any algorithm": () => sign(ps256, claims),
  "ES256 with a signature of zeros": () =>
    `${part({ alg: "ES256", kid: "ec" })}.${part(claims)}.${Buffer.alloc(64).toString("base64url")}`,
  "ES256 with an empty signature": () => unsigned({ alg: "ES256", kid: "ec" }),
  "EdDSA with a signature of zeros": () =>
    `${part({ alg: "EdDSA", kid: "ed" })}.${part(claims)}.${Buffer.alloc(64).toString("base64url")}`,
  "an encrypted token": () =>
    `${part({ alg: "dir", enc: "A256GCM" })}..${part("x")}.${part("x")}.${part("x")}`,
}

const keys: Readonly<Record<string, () => Made>> = {
  "a stranger's key under our key id, RS256": () => sign(stranger, claims),
  "a stranger's key under our key id, ES256": () => sign(strangerEc, claims),
  "a stranger's key under our key id, EdDSA": () => sign(strangerEd, claims),
  "a stranger's key, embedded as jwk": () => sign(stranger, claims, { jwk: stranger.jwk }),
  "a stranger's key, embedded as jwk, without a key id": () =>
    sign(stranger, claims, { kid: undefined, jwk: stranger.jwk }),
  "a stranger's key at jku": () => sign(stranger, claims, { jku: "https://evil.example/jwks" }),
  "a stranger's key at x5u": () => sign(stranger, claims, { x5u: "https://evil.example/cert" }),
  "a stranger's key in x5c": () => sign(stranger, claims, { x5c: ["MIIB"] }),
  "an HMAC key embedded as jwk": () =>
    hmac("k".repeat(32), { alg: "HS256", jwk: { kty: "oct", k: part("k".repeat(32)) } }),
  "a key id that is a path, for an empty file": () => hmac("", { alg: "HS256", kid: "../../dev/null" }),
  "a key id that is a path, RS256": () => sign(stranger, claims, { kid: "../../../etc/passwd" }),
  "a key id that is SQL": () => sign(stranger, claims, { kid: "x' UNION SELECT 'key' --" }),
  "a key id that is SQL, for HS256": () => hmac("key", { alg: "HS256", kid: "x' UNION SELECT 'key' --" }),
  "a key id that is a URL": () => sign(stranger, claims, { kid: "https://evil.example/jwks" }),
  "a key id that is a shell command": () => sign(stranger, claims, { kid: "$(id)" }),
  "a key id with a NUL": () => sign(stranger, claims, { kid: "rsa\0" }),
  "the key id __proto__": () => sign(stranger, claims, { kid: "__proto__" }),
  "a key id of another kind": () => swapped(rsa, { alg: "RS256", kid: { $ne: null } }),
  "a key id of 10 kB": () => sign(stranger, claims, { kid: "x".repeat(10_000) }),
  "the key id of another key of ours": () => sign(rsa, claims, { kid: "ec" }),
  "a key that is published for encryption": () => sign(forEncryption, claims),
  "a key that is published for other operations": () => sign(notForVerifying, claims),
  "a private key that was published by mistake": () => sign(stranger, claims, { kid: "private" }),
  "another secret": () => hs(claims, {}, "only-for-tests-other-4RtY8sBd2mK9"),
  "a secret that begins as ours": () => hs(claims, {}, `${secret}x`),
}

const shapes: Readonly<Record<string, () => Made>> = {
  "an unknown critical header": () => hmac(secret, { alg: "HS256", crit: ["x"], x: 1 }),
  "an unencoded payload": () => hmac(secret, { alg: "HS256", b64: false, crit: ["b64"] }),
  "claims that were changed": async () => {
    const [header, , signature] = (await sign(rsa, claims)).split(".")
    return `${header}.${part({ ...claims, permissions: ["*"] })}.${signature}`
  },
  "a header that was changed": () => swapped(rsa, { alg: "RS256", kid: "rsa", typ: "at+jwt" }),
  "a signature that was cut": async () => (await sign(rsa, claims)).slice(0, -8),
  "a fourth part": async () => `${await sign(rsa, claims)}.x`,
  "no signature": async () => (await sign(rsa, claims)).split(".").slice(0, 2).join("."),
  "two alg in the header": () => hmac("x".repeat(32), '{"alg":"RS256","alg":"HS256"}'),
  "claims that are a list": () => hmac(secret, { alg: "HS256" }, [claims]),
  "claims that are a text": () => hmac(secret, { alg: "HS256" }, '"x"'),
  "claims that are no JSON": () => hmac(secret, { alg: "HS256" }, "{"),
  "a header that is no JSON": () => hmac(secret, "{"),
  "a header that is null": () => hmac(secret, "null"),
  "nothing but dots": () => "..",
  "a text": () => "canary",
}

const contents: Readonly<Record<string, () => Made>> = {
  "another issuer": () => sign(rsa, { ...claims, iss: "https://evil.example/" }),
  "an issuer that begins as ours": () => sign(rsa, { ...claims, iss: "https://id.example/x" }),
  "our issuer without its slash": () => sign(rsa, { ...claims, iss: "https://id.example" }),
  "our issuer in a list": () => hmac(secret, { alg: "HS256" }, { ...claims, iss: ["https://id.example/"] }),
  "no issuer": () => sign(rsa, without("iss")),
  "another audience": () => sign(rsa, { ...claims, aud: "other" }),
  "other audiences": () => sign(rsa, { ...claims, aud: ["other", "chat2"] }),
  "an audience that holds ours": () => sign(rsa, { ...claims, aud: "chat other" }),
  "no audience": () => sign(rsa, without("aud")),
  "an ID token": () => sign(rsa, { ...claims, token_use: "id" }),
  "no token_use": () => sign(rsa, without("token_use")),
  "the type of a logout token": () => sign(rsa, claims, { typ: "logout+jwt" }),
  "the type of a proof of possession": () => sign(rsa, claims, { typ: "dpop+jwt" }),
  "the type of a read ticket": () => hs(claims, { typ: "ticket+jwt" }),
  "a type of another kind": () => hmac(secret, { alg: "HS256", typ: ["JWT"] }),
  "no end": () => sign(rsa, without("exp")),
  "an end as a text": () => hmac(secret, { alg: "HS256" }, { ...claims, exp: String(now + 60) }),
  "an end that is null": () => hmac(secret, { alg: "HS256" }, { ...claims, exp: null }),
  "a beginning in the future": () => sign(rsa, { ...claims, nbf: now + 61 }),
  "a beginning as a text": () => hmac(secret, { alg: "HS256" }, { ...claims, nbf: "now" }),
  "no user": () => sign(rsa, without("sub")),
  "no organisation": () => sign(rsa, without("org_id")),
  "an organisation that is a list": () => sign(rsa, { ...claims, org_id: ["acme", "umbrella"] }),
  "an organisation that is a number": () => sign(rsa, { ...claims, org_id: 7 }),
  "an empty user": () => sign(rsa, { ...claims, sub: "" }),
  "a user with a lone surrogate": () => sign(rsa, { ...claims, sub: "a\ud800" }),
  "permissions of another kind": () => sign(rsa, { ...claims, permissions: { "*": true } }),
}

const verifierOf = Effect.gen(function* () {
  const server = yield* keyServer(published)
  yield* TestClock.setTime(noon)
  const jwks = yield* Jwks.make(server.url)
  const secrets = [Redacted.make(secret), Redacted.make(previous)]
  return { secrets, jwks, rules } satisfies Jwt.Verifier
})

describe("X1: a token is refused", () => {
  const all = { ...algorithms, ...keys, ...shapes, ...contents }
  it.effect.each(Object.entries(all))("X1: with %s", ([, made]) =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf
      const token = yield* Effect.promise(async () => made())
      const error = yield* Effect.flip(Jwt.verify(verifier, token))
      assert.strictEqual(error._tag, "TokenInvalid")
      assert.notMatch(JSON.stringify(error), /only-for-tests|canary/)
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect.each([
    ["RS256", () => sign(rsa, { ...claims, exp: now - 60 })],
    ["ES256", () => sign(ec, { ...claims, exp: now - 60 })],
    ["HS256", () => hs({ ...claims, exp: 0 })],
  ] as const)("X1: as expired, by %s", ([, made]) =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf
      const token = yield* Effect.promise(made)
      assert.strictEqual((yield* Effect.flip(Jwt.verify(verifier, token)))._tag, "TokenExpired")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("X1: with an asymmetric algorithm where no keys are configured", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const verifier = { secrets: [Redacted.make(secret)], rules }
      for (const key of [rsa, ec, ed]) {
        const token = yield* Effect.promise(() => sign(key, claims))
        assert.strictEqual((yield* Effect.flip(Jwt.verify(verifier, token)))._tag, "TokenInvalid")
      }
    }),
  )
})

describe("a token is accepted", () => {
  it.effect.each([
    ["RS256", () => sign(rsa, claims)],
    ["ES256", () => sign(ec, claims)],
    ["EdDSA", () => sign(ed, claims)],
    ["HS256", () => hs(claims)],
    ["HS256 and the secret before this one", () => hs(claims, {}, previous)],
    ["the type at+jwt", () => sign(rsa, claims, { typ: "at+jwt" })],
    ["the type application/at+jwt", () => sign(rsa, claims, { typ: "application/at+jwt" })],
    ["no type", () => sign(rsa, claims, { typ: undefined })],
    ["no key id", () => sign(ec, claims, { kid: undefined })],
    ["one audience", () => sign(rsa, { ...claims, aud: "chat" })],
    ["an end within the leeway", () => sign(rsa, { ...claims, exp: now - 59 })],
    ["a beginning within the leeway", () => sign(rsa, { ...claims, nbf: now + 60 })],
  ] as const)("with %s", ([, made]) =>
    Effect.gen(function* () {
      const verifier = yield* verifierOf
      const token = yield* Effect.promise(made)
      const { principal } = yield* Jwt.verify(verifier, token)
      assert.deepStrictEqual({ ...principal }, { userId: "ana", orgId: "acme", permissions: ["chat:read"] })
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("must have the configured type", () =>
    Effect.gen(function* () {
      const verifier = { ...(yield* verifierOf), rules: { ...rules, type: "at+jwt" } }
      for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt"])
        yield* Jwt.verify(verifier, yield* Effect.promise(() => sign(rsa, claims, { typ })))
      for (const typ of ["JWT", "at+jwtx", undefined]) {
        const token = yield* Effect.promise(() => sign(rsa, claims, { typ }))
        assert.strictEqual((yield* Effect.flip(Jwt.verify(verifier, token)))._tag, "TokenInvalid")
      }
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("without an end where the environment allows it", () =>
    Effect.gen(function* () {
      const verifier = { ...(yield* verifierOf), rules: { ...rules, requireExpiry: false } }
      const token = yield* Effect.promise(() => sign(rsa, without("exp")))
      assert.strictEqual((yield* Jwt.verify(verifier, token)).expiresAt, Number.POSITIVE_INFINITY)
    }).pipe(Effect.provide(httpClient)),
  )
})
