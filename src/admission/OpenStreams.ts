/**
 * The places that a user and an organisation take: one for each open stream, and apart from these one for each run that
 * goes on, read or not. Apart, because a run outlives its reader, and a reader that comes back must find room.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Principal } from "../domain/Principal.ts"

export type Owner = Pick<Principal, "orgId" | "userId">

export type PlaceKind = "streams" | "runs"

/** Most places of one kind for a user and for an organisation. */
export interface Caps {
  readonly user: number
  readonly org: number
}

export interface Place {
  readonly kind: PlaceKind
  readonly owner: Owner
  /** Different for each place of this process. */
  readonly number: number
}

/** The user or the organisation has no place of the kind left. */
export class NoPlace extends Schema.TaggedError<NoPlace>()("NoPlace", {
  kind: Schema.Literals(["streams", "runs"]),
  of: Schema.Literals(["user", "org"]),
}) {}

export interface TurnPlaces {
  readonly stream: Place
  /** Undefined: there is no room for a run now. */
  readonly run: Place | undefined
}

export class OpenStreams extends Context.Service<
  OpenStreams,
  {
    readonly take: (kind: PlaceKind, owner: Owner, caps: Caps) => Effect.Effect<Place, NoPlace>
    /** A stream and, where there is room, a run, in one step. Fails where there is no room for the stream. */
    readonly takeBoth: (owner: Owner, caps: Caps) => Effect.Effect<TurnPlaces, NoPlace>
    /** Does nothing for a place that is free already. */
    readonly free: (place: Place) => Effect.Effect<void>
  }
>()("crossfade/admission/OpenStreams") {}

/** The names of a user and of an organisation where both are counted; no id can look like another's. */
export const keysOf = ({ orgId, userId }: Owner) => {
  const org = encodeURIComponent(orgId)
  return { user: `user:${org}:${encodeURIComponent(userId)}`, org: `org:${org}` }
}
