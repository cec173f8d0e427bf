/**
 * The key by which a repeated request finds the turn of the first one: hashes of the idempotency key and of the
 * request. Pure. The same key of another user, another organisation or on the other route is a different key.
 */
import { hash } from "node:crypto"
import type { Principal } from "./Principal.ts"

export interface TurnKey {
  readonly key: string
  readonly request: string
}

/** No client retries a request for longer. */
export const turnKeyLifeMs = 24 * 60 * 60 * 1000

/** JSON keeps the parts apart for any content. */
const hashOf = (parts: ReadonlyArray<string | null>): string => hash("sha256", JSON.stringify(parts), "hex")

/** `asked` has everything that distinguishes a turn: the agent or session, the message, its parent, a retry. */
export const turnKey = (
  { orgId, userId }: Pick<Principal, "orgId" | "userId">,
  route: "start" | "send",
  given: string,
  asked: ReadonlyArray<string | null>,
): TurnKey => ({ key: hashOf([orgId, userId, route, given]), request: hashOf(asked) })
