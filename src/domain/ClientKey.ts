/**
 * The key of a session under an id that its client chose, such as an AG-UI thread. A hash, so that it has a bounded length and
 * one user's id never finds another user's session. Pure.
 */
import { hash } from "node:crypto"
import type { Principal } from "./Principal.ts"

export const clientKey = ({ orgId, userId }: Pick<Principal, "orgId" | "userId">, clientId: string): string =>
  hash("sha256", JSON.stringify([orgId, userId, clientId]), "hex")
