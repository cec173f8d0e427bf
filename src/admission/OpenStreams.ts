/**
 * How many streams somebody has open, and whether there may be one more. A stream counts as long as its scope: whatever
 * ends it, the count goes down.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Principal } from "../domain/Principal.ts"

export type Owner = Pick<Principal, "orgId" | "userId">

/** How many a user and an organisation may have. */
export interface Caps {
  readonly user: number
  readonly org: number
}

/** Who has too many. */
export class TooManyStreams extends Schema.TaggedError<TooManyStreams>()("TooManyStreams", {
  of: Schema.Literals(["user", "org"]),
}) {}

export class OpenStreams extends Context.Service<
  OpenStreams,
  { readonly open: (owner: Owner, caps: Caps) => Effect.Effect<void, TooManyStreams, Scope.Scope> }
>()("crossfade/admission/OpenStreams") {}

/** The names of a user and of an organisation where both are counted; no id can look like another's. */
export const keysOf = ({ orgId, userId }: Owner) => {
  const org = encodeURIComponent(orgId)
  return { user: `user:${org}:${encodeURIComponent(userId)}`, org: `org:${org}` }
}
