/**
 * A repeated request finds the turn that the first one began by its key and by what was asked, both as hashes.
 * Pure. The same key of another user, of another organisation or on the other route is another key.
 */
import { hash } from "node:crypto"
import type { Principal } from "./Principal.ts"

export interface TurnKey {
  readonly key: string
  readonly request: string
}

/** No client retries a request for longer. */
export const turnKeyLifeMs = 24 * 60 * 60 * 1000

/** JSON keeps the parts apart, whatever they hold. */
const hashOf = (parts: ReadonlyArray<string | null>): string => hash("sha256", JSON.stringify(parts), "hex")

/** `asked` is all that makes one turn another: the agent or session, the message, its parent, a retry. */
export const turnKey = (
  { orgId, userId }: Pick<Principal, "orgId" | "userId">,
  route: "start" | "send",
  given: string,
  asked: ReadonlyArray<string | null>,
): TurnKey => ({ key: hashOf([orgId, userId, route, given]), request: hashOf(asked) })
