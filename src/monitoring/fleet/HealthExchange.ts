/**
 * Where the replicas of a fleet tell each other how both modes are doing, in one order for all, and agree on what each
 * breaker is. In a process that is alone there is nobody to tell.
 *
 * Times are those of the exchange's own clock, so that no replica trusts another's.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { OrgId } from "../../domain/Ids.ts"
import { ReplicaId } from "../../platform/Replica.ts"
import { Breaker } from "../breaker/Breaker.ts"
import { OperatorOverride } from "../breaker/OperatorOverride.ts"
import type { HealthEvent } from "./HealthEvent.ts"
import { ScopedTransition } from "../breaker/Transition.ts"

/** The exchange cannot be reached, or does not answer in time. What was sent may have arrived. */
export class ExchangeAway extends Schema.TaggedError<ExchangeAway>()("ExchangeAway", {
  cause: Schema.Defect(),
}) {}

/** What a breaker is, as one replica says it. */
export const SharedState = Schema.Struct({
  by: ReplicaId,
  /** Rises with everything that `by` says of a breaker. */
  number: Schema.Int,
  /** Null: the breaker of all. */
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
  /** Rises with each of the sender's: the same batch may come twice. */
  readonly number: number
  readonly events: ReadonlyArray<HealthEvent>
}

export type Heard =
  | { readonly _tag: "batch"; readonly id: string; readonly batch: Batch }
  | { readonly _tag: "state"; readonly id: string; readonly revised: Revised }
  /** Of another version of this service. */
  | { readonly _tag: "unreadable"; readonly id: string }

export interface Answer {
  readonly now: number
  /** Another one than before: everything was forgotten. */
  readonly born: string
  /** Whether it is for this replica to probe. */
  readonly probes: boolean
  /** Oldest first, this replica's own among them. */
  readonly heard: ReadonlyArray<Heard>
  /** More is to be heard. */
  readonly more: boolean
  /** The present state of every scope, where it was asked for. */
  readonly states: ReadonlyArray<Revised>
}

export interface Exchange {
  readonly me: ReplicaId
  /** Tells a batch, asks for what came after `after` ("0": everything within the window), and asks or keeps probing. */
  readonly exchange: (told: {
    readonly batch: Omit<Batch, "from"> | undefined
    readonly after: string
    readonly states: boolean
  }) => Effect.Effect<Answer, ExchangeAway>
  /** Makes this the scope's state, unless it has a revision after `base`: that is then the answer. */
  readonly propose: (state: SharedState, base: number) => Effect.Effect<Revised, ExchangeAway>
}

export class HealthExchange extends Context.Service<HealthExchange, Exchange | "alone">()(
  "crossfade/monitoring/fleet/HealthExchange",
) {
  static readonly layerAlone: Layer.Layer<HealthExchange> = Layer.succeed(HealthExchange, "alone")
}
