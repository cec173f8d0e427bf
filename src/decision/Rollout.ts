/**
 * The settings that decide which turns go to the runtime, changed while the service runs: read by every decision without
 * IO, kept in the store, written down in the audit.
 *
 * Invariant: what holds in memory has been committed. A change made elsewhere, by another replica on the same database,
 * holds here half a second later at the latest.
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

/** `If-Match` names another state than the lock that holds, whose validator is `etag`. */
export class RolloutChanged extends Schema.TaggedError<RolloutChanged>()("RolloutChanged", {
  etag: Schema.String,
}) {}

export class Rollout extends Context.Service<
  Rollout,
  {
    readonly current: Effect.Effect<RolloutState.RolloutState>
    /**
     * Holds from the next decision on when it succeeds. A patch without a field changes nothing and is not written down.
     * With `ifMatch` it is taken only in the state that this names.
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

/** How old a change of another replica may be here. A version is read, of lock row. */
const pollInterval = "500 millis"
/** A store that is away is in the log once in a while, not twice a second. */
const retryInterval = "5 seconds"

const make = Effect.fnUntraced(function* (defaults: RolloutState.Defaults) {
  const store = yield* RolloutStore
  const monitor = yield* Monitor
  const ref = yield* Ref.make(RolloutState.stateOf(defaults, { version: 0, operator: {} }))
  const lock = yield* Semaphore.make(1)

  /** The lock place where a state begins to hold: whatever else has to hear of it hears it here. */
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
  yield* poll.pipe(
    Effect.repeat(Schedule.spaced(pollInterval)),
    Effect.tapError((error) => Effect.logWarning("changes of the rollout could not be looked for", error)),
    Effect.retry(Schedule.spaced(retryInterval)),
    Effect.forkScoped,
  )

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
    // Another replica was faster: once more, on what it has left behind.
    return saved === undefined ? undefined : yield* adopt(saved)
  })

  const change: Rollout["Service"]["change"] = Effect.fn("Rollout.change")(
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
