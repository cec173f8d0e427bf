/**
 * By what a repeated request finds the turn that the first one began: whose key it is, and what was asked, both as hashes.
 * Pure. The same key of another user, of another organisation or on the other route is another key.
 */
import { createHash } from "node:crypto"
import type { Principal } from "./Principal.ts"

export interface TurnKey {
  readonly key: string
  readonly request: string
}

/** By then every turn that a client may retry is over. */
export const turnKeyLifeMs = 24 * 60 * 60 * 1000

/** JSON keeps the parts apart, whatever they hold. */
const hash = (parts: ReadonlyArray<string | null>): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex")

/** `asked` is all that makes one turn another: the agent or session, the message, its parent, a retry. */
export const turnKey = (
  { orgId, userId }: Pick<Principal, "orgId" | "userId">,
  route: "start" | "send",
  given: string,
  asked: ReadonlyArray<string | null>,
): TurnKey => ({ key: hash([orgId, userId, route, given]), request: hash(asked) })
