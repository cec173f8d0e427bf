/** `OpenStreams` of this process alone. Owners without places take no memory. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type Caps,
  keysOf,
  NoPlace,
  OpenStreams,
  type Owner,
  type Place,
  type PlaceKind,
} from "./OpenStreams.ts"

export class Places {
  readonly #counts = { streams: new Map<string, number>(), runs: new Map<string, number>() }
  readonly #taken = new Set<Place>()
  #number = 0

  take(kind: PlaceKind, owner: Owner, caps: Caps): Place | NoPlace {
    const { org, user } = keysOf(owner)
    const counts = this.#counts[kind]
    if ((counts.get(user) ?? 0) >= caps.user) return new NoPlace({ kind, of: "user" })
    if ((counts.get(org) ?? 0) >= caps.org) return new NoPlace({ kind, of: "org" })
    counts.set(user, (counts.get(user) ?? 0) + 1)
    counts.set(org, (counts.get(org) ?? 0) + 1)
    const place = { kind, owner, number: ++this.#number }
    this.#taken.add(place)
    return place
  }

  /** False if the place is already free. */
  free(place: Place): boolean {
    if (!this.#taken.delete(place)) return false
    const counts = this.#counts[place.kind]
    for (const key of Object.values(keysOf(place.owner))) {
      const left = (counts.get(key) ?? 0) - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    }
    return true
  }
}

export const orFail = (taken: Place | NoPlace): Effect.Effect<Place, NoPlace> =>
  taken instanceof NoPlace ? Effect.fail(taken) : Effect.succeed(taken)

export const runOf = (taken: Place | NoPlace): Place | undefined =>
  taken instanceof NoPlace ? undefined : taken

export const layerMemory: Layer.Layer<OpenStreams> = Layer.sync(OpenStreams, () => {
  const places = new Places()
  const take: OpenStreams["Service"]["take"] = (kind, owner, caps) =>
    Effect.suspend(() => orFail(places.take(kind, owner, caps)))
  return OpenStreams.of({
    take,
    takeBoth: (owner, caps) =>
      Effect.map(take("streams", owner, caps), (stream) => ({
        stream,
        run: runOf(places.take("runs", owner, caps)),
      })),
    free: (place) => Effect.sync(() => void places.free(place)),
  })
})
