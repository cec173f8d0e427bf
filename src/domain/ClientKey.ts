/**
 * The id that a client chose for a session, such as an AG-UI thread, and the key of the session under it. The key is a hash of
 * the user and the id: its length is bounded, and an id never finds a session of another user. Pure.
 */
import { hash } from "node:crypto"
import * as Schema from "effect/Schema"
import type { Principal } from "./Principal.ts"

/** The client chooses it. Control characters and halves of surrogate pairs would not come back from a store or a log. */
export const ClientId = Schema.String.check(
  Schema.isPattern(/^[^\p{Cs}\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u, {
    message: "Expected 1 to 200 characters, well-formed and without control characters",
  }),
)

export const clientKey = ({ orgId, userId }: Pick<Principal, "orgId" | "userId">, clientId: string): string =>
  hash("sha256", JSON.stringify([orgId, userId, clientId]), "hex")
