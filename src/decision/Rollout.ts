/**
 * The settings that decide which turns use the runtime. Operators change them while the service runs; every decision
 * reads them without IO; the store holds them and the audit lists each change.
 *
 * Invariant: the settings in memory are committed. A change by another replica on the same database arrives within
 * half a second.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { Actor } from "../domain/Actor.ts"
import type { RolloutPatch } from "../domain/RolloutSettings.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { RolloutStore, type StoredRollout } from "../store/RolloutStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as RolloutState from "./RolloutState.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Loop from "../telemetry/Loop.ts"

/** `If-Match` names another state than the present one, whose validator is `etag`. */
export class RolloutChanged extends Schema.TaggedError<RolloutChanged>()("RolloutChanged", {
  etag: Schema.String,
}) {}

export class Rollout extends Context.Service<
  Rollout,
  {
    readonly current: Effect.Effect<RolloutState.RolloutState>
    /**
     * On success, the change applies from the next decision on. An empty patch changes nothing and adds no audit
     * entry. With `ifMatch` it applies only to the state that this names.
     */
    readonly change: (
      actor: Actor,
      patch: RolloutPatch,
      options?: { readonly ifMatch?: string | undefined; readonly reason?: string | undefined },
    ) => Effect.Effect<RolloutState.RolloutState, RolloutChanged | StoreError>
  }
>()("crossfade/decision/Rollout") {
  static readonly layer = (
    defaults: RolloutState.Defaults,
  ): Layer.Layer<Rollout, StoreError, Monitor | RolloutStore> => Layer.effect(Rollout, make(defaults))
}

/** The longest delay of a change by another replica. A poll reads the version of one row. */
const pollInterval = "500 millis"

const make = Effect.fnUntraced(function* (defaults: RolloutState.Defaults) {
  const store = yield* RolloutStore
  const monitor = yield* Monitor
  const ref = yield* Ref.make(RolloutState.stateOf(defaults, { version: 0, operator: {} }))
  const lock = yield* Semaphore.make(1)

  /** The only place that puts a state into effect, so every dependent part is updated here. */
  const adopt = (stored: StoredRollout) =>
    Effect.suspend(() => {
      const state = RolloutState.stateOf(defaults, stored)
      return Effect.as(
        Effect.all([
          Ref.set(ref, state),
          monitor.configure(state.settings.thresholds),
          Measure.rolloutPercentage(state.settings.percentage),
        ]),
        state,
      )
    })
  yield* Effect.flatMap(store.load, adopt)

  const poll = Ref.get(ref).pipe(
    Effect.flatMap(({ version }) => store.changedSince(version)),
    Effect.flatMap((stored) => (stored === undefined ? Effect.void : Effect.asVoid(adopt(stored)))),
    Semaphore.withPermit(lock),
  )
  yield* Loop.every("rollout", Schedule.spaced(pollInterval), poll)

  const attempt = Effect.fnUntraced(function* (
    actor: Actor,
    patch: RolloutPatch,
    { ifMatch, reason }: { readonly ifMatch?: string | undefined; readonly reason?: string | undefined },
  ) {
    const stored = yield* store.load
    const current = yield* adopt(stored)
    if (ifMatch !== undefined && !RolloutState.matches(ifMatch, current.etag)) {
      return yield* new RolloutChanged({ etag: current.etag })
    }
    if (Object.keys(patch).length === 0) return current
    const at = yield* Clock.currentTimeMillis
    const operator = RolloutState.patched(stored.operator, patch, actor, at)
    const wanted = RolloutState.stateOf(defaults, { version: stored.version + 1, operator })
    const saved = yield* store.save(stored.version, operator, {
      at,
      by: actor,
      action: "rollout.change",
      reason: reason ?? null,
      ...RolloutState.difference(current.settings, wanted.settings),
    })
    // Another replica wrote first: try again on its state.
    return saved === undefined ? undefined : yield* adopt(saved)
  })

  const change: Rollout["Service"]["change"] = Effect.fnUntraced(
    function* (actor, patch, options = {}) {
      for (;;) {
        const state = yield* attempt(actor, patch, options)
        if (state !== undefined) return state
      }
    },
    Semaphore.withPermit(lock),
    Effect.uninterruptible,
  )

  return Rollout.of({ current: Ref.get(ref), change })
})
