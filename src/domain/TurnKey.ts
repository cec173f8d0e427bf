/**
 * The key by which a repeated request finds the turn of the first one: hashes of the idempotency key and of the
 * request. Pure. The same key of another user, another organisation or on another route is a different key.
 */
import { hash } from "node:crypto"
import type { Principal } from "./Principal.ts"

/** The routes that start turns. The names are hashed into stored keys, so they never change. */
export type TurnRoute =
  | "start"
  | "send"
  | "resume"
  | "regenerate"
  | "edit"
  | "ag-ui"
  | "ai-sdk"
  | "openai-chat"
  | "openai-responses"

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
  route: TurnRoute,
  given: string,
  asked: ReadonlyArray<string | null>,
): TurnKey => ({ key: hashOf([orgId, userId, route, given]), request: hashOf(asked) })
