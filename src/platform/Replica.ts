/** The identity of this process among the replicas. The id is new at each start, so leftovers belong to another replica. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** A UUIDv7: a replica that started earlier has a smaller id. */
export const ReplicaId = Schema.String.pipe(Schema.brand("ReplicaId"))
export type ReplicaId = typeof ReplicaId.Type

/** A replica and the count of its heartbeats. */
export interface Beat {
  readonly id: ReplicaId
  readonly beat: number
}

export class Replica extends Context.Service<Replica, { readonly id: ReplicaId }>()(
  "crossfade/platform/Replica",
) {
  static readonly layer: Layer.Layer<Replica, never, SecureRandom.SecureRandom> = Layer.effect(
    Replica,
    Effect.gen(function* () {
      const ids = yield* SecureRandom.SecureRandom
      return { id: ReplicaId.make(yield* ids.uuidV7()) }
    }),
  )
}
