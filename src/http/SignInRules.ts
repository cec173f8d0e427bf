/**
 * The rules of sign-in by an identity provider: OpenID Connect Discovery 1.0, the authorization code flow with PKCE (RFC 7636),
 * and the checks of the ID token (OpenID Connect Core 1.0, section 3.1.3.7). Pure.
 */
import { decodeJwt, decodeProtectedHeader } from "jose"
import type { SignInSettings } from "../domain/SignInSettings.ts"
import { isTrustworthy } from "../domain/WebAddress.ts"

/** The addresses of a provider. */
export interface Provider {
  readonly authorization: string
  readonly token: string
  readonly signOut: string | null
  /** The client sends its secret in the body instead of the header. */
  readonly secretInBody: boolean
}

const wellKnown = "/.well-known/openid-configuration"

export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, "")}${wellKnown}`

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const endpoint = (value: unknown): string | undefined =>
  typeof value === "string" && URL.canParse(value) && isTrustworthy(new URL(value)) ? value : undefined

/** The provider of a discovery document, or the problem with it. */
export const providerOf = (
  document: unknown,
  { issuer }: Pick<SignInSettings, "issuer">,
): Provider | string => {
  if (!isObject(document)) return "The discovery document is no JSON object."
  // Section 4.3: another issuer could answer for this one.
  if (document["issuer"] !== issuer)
    return `The discovery document is of another issuer: ${JSON.stringify(document["issuer"])}.`
  const authorization = endpoint(document["authorization_endpoint"])
  const token = endpoint(document["token_endpoint"])
  if (authorization === undefined || token === undefined)
    return "The discovery document lacks an https:// authorization_endpoint or token_endpoint."
  const methods = document["token_endpoint_auth_methods_supported"]
  return {
    authorization,
    token,
    signOut: endpoint(document["end_session_endpoint"]) ?? null,
    secretInBody: Array.isArray(methods) && !methods.includes("client_secret_basic"),
  }
}

/** The authorization request without the parameters that the page makes. */
export const authorizationUrl = (
  { authorization }: Provider,
  { clientId, parameters, scopes }: SignInSettings,
): string => {
  const url = new URL(authorization)
  url.searchParams.set("response_type", "code")
  url.searchParams.set("client_id", clientId)
  url.searchParams.set("scope", scopes.join(" "))
  for (const [name, value] of parameters) url.searchParams.append(name, value)
  return url.href
}

/** RP-Initiated Logout 1.0. Without an ID token the provider finds the client by its id. */
export const signOutUrl = ({ signOut }: Provider, { clientId }: SignInSettings): string | null => {
  if (signOut === null) return null
  const url = new URL(signOut)
  url.searchParams.set("client_id", clientId)
  return url.href
}

/** The body of the token request, without the client's secret. */
export const tokenRequest = (
  { clientId, parameters }: SignInSettings,
  {
    code,
    redirectUri,
    verifier,
  }: { readonly code: string; readonly redirectUri: string; readonly verifier: string },
): ReadonlyArray<readonly [name: string, value: string]> => [
  ["grant_type", "authorization_code"],
  ["code", code],
  ["redirect_uri", redirectUri],
  ["code_verifier", verifier],
  ["client_id", clientId],
  // RFC 8707, section 2.2.
  ...parameters.filter(([name]) => name === "resource"),
]

/** RFC 6749, section 5.2. Other texts of the provider are not shown. */
const errorCodes: ReadonlyArray<unknown> = [
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "invalid_target",
]

/** The registered code of a token error; undefined for any other answer. */
export const errorCodeOf = (answer: unknown): string | undefined =>
  isObject(answer) && errorCodes.includes(answer["error"]) ? String(answer["error"]) : undefined

/** A new code may succeed. Every other error is one of the client's settings. */
export const isOfUser = (code: string): boolean => code === "invalid_grant" || code === "invalid_request"

const isJwt = (token: string): boolean => {
  try {
    decodeProtectedHeader(token)
    return true
  } catch {
    return false
  }
}

const claimsOf = (token: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}

interface Expected {
  readonly nonce: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** Clocks may differ by a minute. */
const leewayMs = 60_000

/**
 * The problem with an ID token. Its signature is not checked: it came from the provider itself, over TLS (section 3.1.3.7,
 * step 6).
 */
const idTokenProblem = (
  token: unknown,
  { clientId, issuer }: SignInSettings,
  { nonce, now }: Expected,
): string | undefined => {
  const claims = typeof token === "string" ? claimsOf(token) : undefined
  if (claims === undefined) return "The identity provider sent no ID token."
  const { aud, azp, exp, iss } = claims
  if (iss !== issuer) return "The claim iss of the ID token is not the configured issuer."
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (!audiences.includes(clientId)) return "The claim aud of the ID token does not name the console."
  if (azp !== undefined && azp !== clientId) return "The claim azp of the ID token does not name the console."
  if (typeof exp !== "number" || exp * 1000 + leewayMs < now)
    return "The claim exp of the ID token is in the past."
  if (claims["nonce"] !== nonce) return "The claim nonce of the ID token is not that of this sign-in."
  return undefined
}

/** The token for this service from the provider's answer, or the problem with the answer. */
export const tokenOf = (
  answer: unknown,
  settings: SignInSettings,
  expected: Expected,
): { readonly token: string } | { readonly problem: string } => {
  if (!isObject(answer)) return { problem: "The identity provider's answer is no JSON object." }
  const problem = idTokenProblem(answer["id_token"], settings, expected)
  if (problem !== undefined) return { problem }
  const token = answer[settings.token]
  if (typeof token === "string" && isJwt(token)) return { token }
  return {
    problem:
      "The identity provider's access token is no JSON Web Token. Its operator names this service as audience (CONSOLE_OIDC_PARAMETERS), or sets CONSOLE_OIDC_TOKEN=id_token.",
  }
}
