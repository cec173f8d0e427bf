/**
 * How both modes are doing, and whether the runtime may be used: told of every finished attempt, asked before every turn.
 * The one loop of the service: attempts -> windows -> triggers -> breakers -> the next decision.
 *
 * One Ref holds everything, and every method is one change of it, so a probe can never be leased twice. No method fails
 * or waits. The rules are in Triggers, Isolation and Breaker; `Health` puts them together.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { OrgId } from "../domain/Ids.ts"
import * as Health from "./Health.ts"
import * as HealthReport from "./HealthReport.ts"

export type { Admission, FinishedAttempt, Settings as MonitorSettings, Ticket } from "./Health.ts"

export class Monitor extends Context.Service<
  Monitor,
  {
    /**
     * Whether a turn of this organisation may use the runtime now. "probe": this turn alone may, and whoever was told so
     * must end it with `record` or `release`, else nobody is let in until the lease runs out (`timeoutThresholdMs`).
     */
    readonly admit: (orgId: OrgId) => Effect.Effect<Health.Admission>
    /**
     * One finished attempt, of either mode. A ticket matters for runtime attempts only. A neutral outcome counts as
     * cancelled and moves no breaker; of a probe it gives the lease back.
     */
    readonly record: (attempt: Health.FinishedAttempt) => Effect.Effect<void>
    /** A turn whose runtime attempt was never run. Does nothing if it was no probe or has ended, so it may be a finalizer. */
    readonly release: (ticket: Health.Ticket, orgId: OrgId) => Effect.Effect<void>
    /** Whether the breaker of all keeps turns from the runtime. */
    readonly isFallbackEnabled: Effect.Effect<boolean>
    readonly metrics: Effect.Effect<HealthReport.Metrics>
    /** All zero for an organisation that is not known. */
    readonly metricsOf: (orgId: OrgId) => Effect.Effect<HealthReport.Metrics>
    readonly status: Effect.Effect<HealthReport.Status>
    /** Closes the breaker of one organisation now; without one, that of all and every organisation's. */
    readonly reset: (orgId?: OrgId) => Effect.Effect<void>
  }
>()("crossfade/monitoring/Monitor") {
  static readonly layer = (settings: Health.Settings): Layer.Layer<Monitor> =>
    Layer.effect(
      Monitor,
      Effect.gen(function* () {
        const now = steadyMillis(yield* Clock.Clock)
        const health = yield* Ref.make(Health.make(settings, now()))
        const change = <A>(f: (health: Health.Health, now: number) => A): Effect.Effect<A> =>
          Ref.modify(health, (current) => [f(current, now()), current])

        return Monitor.of({
          admit: (orgId) => change((health, now) => Health.admit(health, orgId, now)),
          record: (attempt) => change((health, now) => Health.record(health, attempt, now)),
          release: (ticket, orgId) => change((health, now) => Health.release(health, ticket, orgId, now)),
          isFallbackEnabled: change((health) => health.breakers.global.state !== "closed"),
          metrics: change((health, now) => HealthReport.metrics(health, now)),
          metricsOf: (orgId) => change((health, now) => HealthReport.metrics(health, now, orgId)),
          status: change(HealthReport.status),
          reset: (orgId) => change((health, now) => Health.reset(health, now, orgId)),
        })
      }),
    )
}

/**
 * Epoch milliseconds that pass evenly: the wall clock at the start plus monotonic time. A wall clock that is set back
 * an hour would keep an open breaker open for that hour.
 */
const steadyMillis = (clock: Clock.Clock): (() => number) => {
  const wall = clock.currentTimeMillisUnsafe()
  const start = clock.monotonicTimeNanosUnsafe()
  return () => wall + Number((clock.monotonicTimeNanosUnsafe() - start) / 1_000_000n)
}
