/** The caller of this tab: its token, and the account that the gateway sees behind it. */
import { grants } from "../../domain/Permission.ts"
import { makeStore } from "../kit/Store.ts"
import { errorOf } from "../kit/ErrorOf.ts"

/** `GET /api/v1/me`. */
export interface Account {
  readonly orgId: string
  readonly userId: string
  readonly permissions: ReadonlyArray<string>
  /** Epoch milliseconds; null without an end. */
  readonly expiresAt: number | null
}

/** The part that refused: the gateway the token, or the identity provider the sign-in. */
export type Refusal =
  | { readonly by: "gateway" | "provider"; readonly reason: string }
  | { readonly by: "expired" }

export type Access =
  | { readonly state: "none"; readonly problem?: Refusal }
  | { readonly state: "checking"; readonly token: string }
  | { readonly state: "signedIn"; readonly token: string; readonly account: Account }

const key = "token"
const stored = sessionStorage.getItem(key)

export const access = makeStore<Access>(
  stored === null ? { state: "none" } : { state: "checking", token: stored },
)

export const tokenNow = (): string => {
  const now = access.get()
  return now.state === "none" ? "" : now.token
}

/** The claims of a token, not verified: only the gateway can do that. Empty for an API key. */
export const claimsOf = (token: string): Readonly<Record<string, unknown>> => {
  try {
    const [, payload = ""] = token.split(".")
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"))
    const claims: unknown = JSON.parse(
      new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))),
    )
    return typeof claims === "object" && claims !== null ? { ...claims } : {}
  } catch {
    return {}
  }
}

/** Asks the gateway whose token it is. `problem` of the result is the gateway's reason. */
export const signIn = async (given: string): Promise<void> => {
  const token = given.trim()
  access.set({ state: "checking", token })
  try {
    const response = await fetch("/api/v1/me", { headers: { authorization: `Bearer ${token}` } })
    const body = await response.json()
    // Another token was given in the meantime.
    if (tokenNow() !== token) return
    if (!response.ok) return signOut(body?.error?.message ?? `${response.status}`)
    sessionStorage.setItem(key, token)
    forget(body.data)
    access.set({ state: "signedIn", token, account: body.data })
  } catch (error) {
    if (tokenNow() === token) signOut(errorOf(error).message)
  }
}

/** The name of a text that the tab stores for an account. JSON ends itself, so no name begins with that of another account. */
export const storedKey = ({ orgId, userId }: Pick<Account, "orgId" | "userId">, name: string): string =>
  `of ${JSON.stringify([orgId, userId])} ${name}`

/** Removes the texts of accounts other than this one. */
const forget = (except?: Account): void => {
  for (const name of Object.keys(sessionStorage))
    if (name.startsWith("of ") && (except === undefined || !name.startsWith(storedKey(except, ""))))
      sessionStorage.removeItem(name)
}

const end = (problem?: Refusal): void => {
  sessionStorage.removeItem(key)
  access.set({ state: "none", ...(problem === undefined ? {} : { problem }) })
}

/** `problem`: the gateway's reason against the token. Without one the user leaves, and the tab stores nothing any more. */
export const signOut = (problem?: string): void => {
  if (problem === undefined) forget()
  end(problem === undefined ? undefined : { by: "gateway", reason: problem })
}

export const refuse = (by: "provider" | "expired", reason = ""): void =>
  end(by === "expired" ? { by } : { by, reason })

if (stored !== null) void signIn(stored)

/** True if the account has one of the permissions. */
export const may = (account: Account, ...required: ReadonlyArray<string>): boolean =>
  required.some((permission) => account.permissions.some((granted) => grants(granted, permission)))
