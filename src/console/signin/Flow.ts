/** The authorization code flow in the page: the request, and the checks of the return (RFC 6749, 7636, 9207). Pure. */

/** The part of a sign-in that stays in this tab while the user is at the provider. */
export interface Pending {
  readonly issuer: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  /** The view to return to. */
  readonly hash: string
}

export const authorizationRequest = (
  authorizationUrl: string,
  { nonce, redirectUri, state }: Pending,
  challenge: string,
): string => {
  const url = new URL(authorizationUrl)
  url.searchParams.set("redirect_uri", redirectUri)
  url.searchParams.set("state", state)
  url.searchParams.set("nonce", nonce)
  url.searchParams.set("code_challenge", challenge)
  url.searchParams.set("code_challenge_method", "S256")
  return url.href
}

export const signOutRequest = (signOutUrl: string, returnTo: string): string => {
  const url = new URL(signOutUrl)
  url.searchParams.set("post_logout_redirect_uri", returnTo)
  return url.href
}

/** `problem`: a code of the provider, or `unexpected` for a return that this tab did not ask for. */
export type Return = { readonly code: string; readonly pending: Pending } | { readonly problem: string }

const isPending = (value: unknown): value is Pending =>
  typeof value === "object" &&
  value !== null &&
  ["issuer", "state", "nonce", "verifier", "redirectUri", "hash"].every(
    (field) => typeof Reflect.get(value, field) === "string",
  )

export const pendingOf = (stored: string | null): Pending | undefined => {
  try {
    const read: unknown = JSON.parse(stored ?? "null")
    return isPending(read) ? read : undefined
  } catch {
    return undefined
  }
}

/** Codes are short words. Other texts of an address are not shown. */
const isErrorCode = (text: string): boolean => /^[a-z_]{1,60}$/.test(text)

/** The result of the provider in the address; undefined if the address is not that of a return. */
export const returnOf = (search: string, pending: Pending | undefined): Return | undefined => {
  const query = new URLSearchParams(search)
  const [code, error, issuer, state] = ["code", "error", "iss", "state"].map((name) => query.get(name))
  if (code === null && error === null) return undefined
  if (pending === undefined || state !== pending.state || (issuer !== null && issuer !== pending.issuer))
    return { problem: "unexpected" }
  if (typeof error === "string") return { problem: isErrorCode(error) ? error : "error" }
  return typeof code === "string" && code !== "" ? { code, pending } : { problem: "unexpected" }
}
