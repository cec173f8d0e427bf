/** The rules of sign-in by an identity provider, in the gateway. */
import { SignJWT } from "jose"
import { describe, expect, it } from "vitest"
import type { SignInSettings } from "../../src/domain/SignInSettings.ts"
import {
  authorizationUrl,
  discoveryUrl,
  errorCodeOf,
  providerOf,
  tokenOf,
  tokenRequest,
} from "../../src/http/SignInRules.ts"

const settings: SignInSettings = {
  issuer: "https://id.example",
  clientId: "console",
  clientSecret: undefined,
  scopes: ["openid", "email"],
  parameters: [
    ["audience", "https://chat.example/api"],
    ["resource", "https://chat.example/api"],
  ],
  token: "access_token",
}
const document = {
  issuer: "https://id.example",
  authorization_endpoint: "https://id.example/authorize?tenant=1",
  token_endpoint: "https://id.example/token",
}
const now = 1_764_489_600_000
const expected = { nonce: "n1", now }
const claims = { iss: settings.issuer, aud: "console", exp: now / 1000 + 60, nonce: "n1" }
const signed = (payload: Readonly<Record<string, unknown>>): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: "HS256" }).sign(new Uint8Array(32))

describe("the discovery document", () => {
  it("stands below the issuer, with or without its last slash", () => {
    const url = "https://id.example/.well-known/openid-configuration"
    expect(discoveryUrl("https://id.example")).toBe(url)
    expect(discoveryUrl("https://id.example/")).toBe(url)
  })

  it.each([
    ["another issuer", { issuer: "https://id.example/" }, /another issuer/],
    ["no token endpoint", { token_endpoint: undefined }, /token_endpoint/],
    ["a token endpoint without encryption", { token_endpoint: "http://id.example/token" }, /https/],
    ["an authorization endpoint that is a script", { authorization_endpoint: "javascript:1" }, /https/],
  ])("is refused with %s", (_, change, problem) => {
    expect(providerOf({ ...document, ...change }, settings)).toMatch(problem)
  })

  it("keeps the parameters of the authorization endpoint", () => {
    const provider = providerOf(document, settings)
    if (typeof provider === "string") throw new Error(provider)
    expect(provider).toMatchObject({ signOut: null, secretInBody: false })
    expect(Object.fromEntries(new URL(authorizationUrl(provider, settings)).searchParams)).toEqual({
      tenant: "1",
      response_type: "code",
      client_id: "console",
      scope: "openid email",
      audience: "https://chat.example/api",
      resource: "https://chat.example/api",
    })
  })
})

describe("the exchange", () => {
  it("names the resource, and no other parameter", () => {
    const code = { code: "c", verifier: "v", redirectUri: "https://chat.example/" }
    expect(Object.fromEntries(tokenRequest(settings, code))).toEqual({
      grant_type: "authorization_code",
      code: "c",
      redirect_uri: "https://chat.example/",
      code_verifier: "v",
      client_id: "console",
      resource: "https://chat.example/api",
    })
  })

  it("shows registered error codes only", () => {
    expect(errorCodeOf({ error: "invalid_grant", error_description: "host db-7" })).toBe("invalid_grant")
    expect(errorCodeOf({ error: "host db-7 failed" })).toBeUndefined()
    expect(errorCodeOf("invalid_grant")).toBeUndefined()
  })

  it("gives the configured token", async () => {
    const answer = { id_token: await signed(claims), access_token: await signed({ aud: "api" }) }
    expect(tokenOf(answer, settings, expected)).toEqual({ token: answer.access_token })
    const byIdToken = { ...settings, token: "id_token" } as const
    expect(tokenOf(answer, byIdToken, expected)).toEqual({ token: answer.id_token })
    expect(tokenOf({ ...answer, access_token: "opaque" }, settings, expected)).toEqual({
      problem: expect.stringContaining("CONSOLE_OIDC_TOKEN=id_token"),
    })
  })

  it.each([
    ["iss", { iss: "https://evil.example" }],
    ["aud", { aud: ["other"] }],
    ["azp", { azp: "other" }],
    ["exp", { exp: now / 1000 - 61 }],
    ["nonce", { nonce: "n2" }],
    ["nonce", { nonce: undefined }],
  ])("refuses an ID token by its claim %s", async (claim, change) => {
    const answer = { id_token: await signed({ ...claims, ...change }), access_token: await signed({}) }
    expect(tokenOf(answer, settings, expected)).toEqual({
      problem: expect.stringContaining(`The claim ${claim} `),
    })
  })

  it("refuses an answer without an ID token", async () => {
    expect(tokenOf({ access_token: await signed({}) }, settings, expected)).toHaveProperty("problem")
  })
})
