/**
 * Port: the places that a user and an organisation hold. Each open stream takes one, and each run takes one of a separate
 * count, with or without a reader. The counts are separate because a run outlives its reader, and a reader that reconnects
 * must find room.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Principal } from "../domain/Principal.ts"

export type Owner = Pick<Principal, "orgId" | "userId">

export type PlaceKind = "streams" | "runs"

/** Maximum of places of one kind for a user and for an organisation. */
export interface Caps {
  readonly user: number
  readonly org: number
}

export interface Place {
  readonly kind: PlaceKind
  readonly owner: Owner
  /** Unique in this process. */
  readonly number: number
}

/** The user or the organisation has no free place of this kind. */
export class NoPlace extends Schema.TaggedError<NoPlace>()("NoPlace", {
  kind: Schema.Literals(["streams", "runs"]),
  of: Schema.Literals(["user", "org"]),
}) {}

export interface TurnPlaces {
  readonly stream: Place
  /** Undefined if no run place is free. */
  readonly run: Place | undefined
}

export class OpenStreams extends Context.Service<
  OpenStreams,
  {
    readonly take: (kind: PlaceKind, owner: Owner, caps: Caps) => Effect.Effect<Place, NoPlace>
    /** Takes a stream place and, if one is free, a run place in one step. Fails if no stream place is free. */
    readonly takeBoth: (owner: Owner, caps: Caps) => Effect.Effect<TurnPlaces, NoPlace>
    /** Does nothing if the place is already free. */
    readonly free: (place: Place) => Effect.Effect<void>
  }
>()("crossfade/admission/OpenStreams") {}

/** The keys of a user and of an organisation in the counts. Encoding keeps the keys of two ids apart. */
export const keysOf = ({ orgId, userId }: Owner) => {
  const org = encodeURIComponent(orgId)
  return { user: `user:${org}:${encodeURIComponent(userId)}`, org: `org:${org}` }
}
