/**
 * Sign-in by the identity provider. The page goes to the provider and comes back with a code, which the gateway exchanges for a
 * token. The verifier stays in this tab. No refresh token exists: after the token's end the user signs in again, which the
 * provider answers without a question while its own session lives.
 */
import { errorOfResponse } from "../../client/CrossfadeError.ts"
import { access, refuse, signIn, signOut } from "../service/Access.ts"
import { consoleSettings } from "../service/ConsoleSettings.ts"
import { authorizationRequest, type Pending, pendingOf, returnOf, signOutRequest } from "./Flow.ts"
import { errorOf } from "../kit/ErrorOf.ts"

const pendingKey = "signInPending"
/** Set while the tab uses a token of the provider. */
const providerKey = "signedInByProvider"

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")

const random = (): string => base64Url(crypto.getRandomValues(new Uint8Array(32)))

const challengeOf = async (verifier: string): Promise<string> =>
  base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))))

const here = (): string => `${location.origin}${location.pathname}`

/** Browsers offer the hash of PKCE only on https:// and on this machine. */
export const canSignIn = (): boolean => isSecureContext

export const beginSignIn = async (issuer: string, authorizationUrl: string): Promise<void> => {
  const pending: Pending = {
    issuer,
    state: random(),
    nonce: random(),
    verifier: random(),
    redirectUri: here(),
    hash: location.hash,
  }
  sessionStorage.setItem(pendingKey, JSON.stringify(pending))
  location.assign(authorizationRequest(authorizationUrl, pending, await challengeOf(pending.verifier)))
}

const exchange = async (
  code: string,
  { nonce, redirectUri, verifier }: Pick<Pending, "nonce" | "redirectUri" | "verifier">,
): Promise<string> => {
  const response = await fetch("/api/v1/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code, nonce, redirectUri, verifier }),
  })
  const text = await response.text()
  if (!response.ok) throw errorOfResponse(response.status, text, response.headers, Date.now())
  return JSON.parse(text).data.token
}

/** Ends a sign-in, if the address is that of a return from the provider. */
const complete = async (): Promise<void> => {
  const stored = sessionStorage.getItem(pendingKey)
  const returned = returnOf(location.search, pendingOf(stored))
  if (returned === undefined) return
  // A code works once. It must not stay in the history.
  sessionStorage.removeItem(pendingKey)
  const hash = "pending" in returned ? returned.pending.hash : ""
  history.replaceState(null, "", location.pathname + hash)
  dispatchEvent(new HashChangeEvent("hashchange"))
  if ("problem" in returned) {
    // Any site may link here with parameters of its own. That must not end the access of the tab.
    if (returned.problem === "unexpected" && access.get().state !== "none") return
    return refuse("provider", returned.problem)
  }
  access.set({ state: "checking", token: "" })
  try {
    const token = await exchange(returned.code, returned.pending)
    sessionStorage.setItem(providerKey, "true")
    await signIn(token)
  } catch (error) {
    refuse("provider", errorOf(error).message)
  }
}

/** Signs out of the tab, and of the provider if its token was in use. */
export const leave = (): void => {
  const wasProvider = sessionStorage.getItem(providerKey) !== null
  sessionStorage.removeItem(providerKey)
  const url = consoleSettings.get()?.signIn?.signOutUrl
  signOut()
  if (wasProvider && typeof url === "string") location.assign(signOutRequest(url, here()))
}

void complete()
