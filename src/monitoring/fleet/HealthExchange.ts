/**
 * The exchange through which the replicas of a fleet share events of both modes, in one order for all, and agree on the state
 * of each breaker.
 *
 * Times are those of the exchange's own clock, so no replica trusts another's clock.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { OrgId } from "../../domain/Ids.ts"
import { ReplicaId } from "../../platform/Replica.ts"
import { Breaker } from "../breaker/Breaker.ts"
import { OperatorOverride } from "../breaker/OperatorOverride.ts"
import type { HealthEvent } from "./HealthEvent.ts"
import { ScopedTransition } from "../breaker/Transition.ts"

/** The exchange is unreachable, or does not answer in time. The request may have arrived. */
export class ExchangeAway extends Schema.TaggedError<ExchangeAway>()("ExchangeAway", {
  cause: Schema.Defect(),
}) {}

/** The state of a breaker, as one replica proposes it. */
export const SharedState = Schema.Struct({
  by: ReplicaId,
  /** Rises with every proposal of `by`. */
  number: Schema.Int,
  /** Null: the global breaker. */
  orgId: Schema.NullOr(OrgId),
  breaker: Breaker,
  forced: Schema.NullOr(OperatorOverride),
  transition: Schema.NullOr(ScopedTransition),
})
export type SharedState = typeof SharedState.Type

/** Revisions of a scope rise by one, from 1. */
export interface Revised {
  readonly revision: number
  readonly state: SharedState
}

export interface Batch {
  readonly from: ReplicaId
  /** Rises with each batch of the sender: the same batch may arrive twice. */
  readonly number: number
  readonly events: ReadonlyArray<HealthEvent>
}

export type Received =
  | { readonly _tag: "batch"; readonly id: string; readonly batch: Batch }
  | { readonly _tag: "state"; readonly id: string; readonly revised: Revised }
  /** From another version of this service. */
  | { readonly _tag: "unreadable"; readonly id: string }

export interface Answer {
  readonly now: number
  /** The identity of the data: another value means that the exchange has lost everything. */
  readonly born: string
  /** True if this replica sends the fleet's probes. */
  readonly probes: boolean
  /** Oldest first, this replica's own among them. */
  readonly received: ReadonlyArray<Received>
  /** True if there is more to receive. */
  readonly more: boolean
  /** The present state of every scope, if the request asked for it. */
  readonly states: ReadonlyArray<Revised>
}

export interface Exchange {
  readonly me: ReplicaId
  /** Sends a batch, receives the entries after `after` ("0": all within the window), and claims or extends the right to probe. */
  readonly exchange: (request: {
    readonly batch: Omit<Batch, "from"> | undefined
    readonly after: string
    readonly states: boolean
  }) => Effect.Effect<Answer, ExchangeAway>
  /** Makes this the scope's state, unless the scope has a revision after `base`; then that revision is the answer. */
  readonly propose: (state: SharedState, base: number) => Effect.Effect<Revised, ExchangeAway>
}

export class HealthExchange extends Context.Service<HealthExchange, Exchange>()(
  "crossfade/monitoring/fleet/HealthExchange",
) {
  /** For a process without a fleet: receives nothing and accepts every proposal. */
  static readonly layerAlone: Layer.Layer<HealthExchange> = Layer.effect(
    HealthExchange,
    Effect.map(Clock.Clock, (clock) => ({
      me: ReplicaId.make("alone"),
      exchange: () =>
        Effect.sync(() => {
          const now = clock.currentTimeMillisUnsafe()
          return { now, born: "alone", probes: true, received: [], more: false, states: [] }
        }),
      propose: (state, base) => Effect.succeed({ revision: base + 1, state }),
    })),
  )
}
