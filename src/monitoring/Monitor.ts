/**
 * How both modes are doing, and whether the runtime may be used: told of every attempt, asked before every turn. The one
 * loop of the service: attempts -> evidence -> breakers -> the next decision.
 *
 * One Ref holds everything, and every method is one change of it, so a probe can never be leased twice. No method fails
 * or waits. The rules are in Judge, Return and Lease; `Health` and `RuntimePermission` put them together.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { OrgId } from "../domain/Ids.ts"
import { steadyMillis } from "../platform/Monotonic.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as RuntimePermission from "./breaker/RuntimePermission.ts"
import * as Baseline from "./evidence/Baseline.ts"
import type { OperatorOverride } from "./breaker/OperatorOverride.ts"
import * as Health from "./Health.ts"
import * as HealthReport from "./HealthReport.ts"
import * as Outbox from "./fleet/Outbox.ts"
import * as Probes from "./probes/Probes.ts"
import type { Probe } from "./probes/Probing.ts"
import * as ProviderBreakers from "./breaker/ProviderBreakers.ts"
import * as Sharing from "./fleet/Sharing.ts"
import type { Settled } from "./fleet/Sharing.ts"
import * as TargetEnd from "./evidence/TargetEnd.ts"
import type { Ticket } from "./breaker/Ticket.ts"
import type { ScopedTransition } from "./breaker/Transition.ts"

export type { Settings as MonitorSettings, FinishedAttempt } from "./Health.ts"

/** For the attempt itself, which may not wait: plain functions. */
export interface AttemptWatch {
  /** How long it may show nothing, from its start. May shrink while it waits. Milliseconds. */
  readonly firstProgressLimitMs: () => number
  /** It has shown its first progress. */
  readonly progressed: () => void
}

/** `number` counts all transitions of the process from 1: whoever is too far behind misses some and can tell. */
export interface Numbered extends Settled {
  readonly number: number
}

/** What the one who keeps it in step with other replicas may change: `outbox` is what they are to be told. */
export interface Monitored {
  readonly health: Health.Health
  readonly outbox: Outbox.Outbox
  readonly now: number
  /** For all who follow the transitions. */
  readonly publish: (settled: ReadonlyArray<Settled>) => void
}

export class Monitor extends Context.Service<
  Monitor,
  {
    /**
     * Whether a turn of this session may use the runtime now. "probe": this turn alone may, and whoever was told so must
     * end it with `record` or `release`, else nobody is let in until the lease runs out (`timeoutThresholdMs`).
     */
    readonly admit: (orgId: OrgId, sessionId: string) => Effect.Effect<RuntimePermission.RuntimePermission>
    /** What an operator has ordered for this organisation's turns. */
    readonly forced: (orgId: OrgId) => Effect.Effect<OperatorOverride | undefined>
    /** A runtime attempt of the ticket begins. */
    readonly watch: (orgId: OrgId, ticket: Ticket) => Effect.Effect<AttemptWatch>
    /**
     * One finished attempt, of either mode. A ticket matters for runtime attempts only. A neutral outcome moves no breaker;
     * of a probe it gives the lease back.
     */
    readonly record: (attempt: Health.FinishedAttempt) => Effect.Effect<void>
    /**
     * Admits a turn to this direct provider, when it can go on to `later`. Undefined: skip it. The end of an attempt
     * that was let in must be told to `targetEnded`.
     */
    readonly admitProvider: (
      name: string,
      later: ReadonlyArray<string>,
    ) => Effect.Effect<ProviderBreakers.Pass | undefined>
    /** The end of a user's attempt, for the breaker of its provider and the refusals of its agent. */
    readonly targetEnded: (ended: TargetEnd.EndedAttempt) => Effect.Effect<void>
    /** A turn that is over: what of its ticket nobody has recorded is forgotten. May be a finalizer. */
    readonly release: (ticket: Ticket, orgId: OrgId) => Effect.Effect<void>
    /** To be called often: lets time do what it does, and gives the synthetic probe that is to be begun now. */
    readonly takeProbe: Effect.Effect<Probe | undefined>
    /** Must be told of every probe that was given out. */
    readonly probeEnded: (probe: Probe, result: "good" | "bad" | "neutral") => Effect.Effect<void>
    /** Whether turns are kept from the runtime in general. */
    readonly isFallbackEnabled: Effect.Effect<boolean>
    readonly metrics: Effect.Effect<HealthReport.Metrics>
    /** All zero for an organisation that is not known. */
    readonly metricsOf: (orgId: OrgId) => Effect.Effect<HealthReport.Metrics>
    readonly status: Effect.Effect<HealthReport.Status>
    /** Closes the breaker of one organisation now; without one, that of all and every organisation's. */
    readonly reset: (reason: string, orgId?: OrgId) => Effect.Effect<void>
    /** An order from now on, for one organisation or for all; undefined ends it. */
    readonly force: (
      forced: Omit<OperatorOverride, "since"> | undefined,
      reason: string,
      orgId?: OrgId,
    ) => Effect.Effect<void>
    /** Other thresholds from now on; the window keeps its length. */
    readonly configure: (
      thresholds: Partial<Omit<Health.Settings, "windowMs" | "probes" | "providers">>,
    ) => Effect.Effect<void>
    /** Every transition from now on. */
    readonly transitions: Effect.Effect<Stream.Stream<Numbered>, never, Scope.Scope>
    /** How many transitions there were; undefined while the other replicas have not agreed to some. */
    readonly noted: Effect.Effect<number | undefined>
    /** From now on transitions wait until they are settled: whoever takes this must settle them. */
    readonly share: Effect.Effect<<A>(f: (monitored: Monitored) => A) => Effect.Effect<A>>
    /** The p99 of a healthy runtime's time to first progress, in milliseconds; undefined until enough is known. */
    readonly baseline: Effect.Effect<number | undefined>
    /** Goes on with what another process has learned. */
    readonly adoptBaseline: (p99Ms: number) => Effect.Effect<void>
    /** Goes on where another process ended: its last transition of each scope. */
    readonly restore: (last: ReadonlyArray<ScopedTransition>) => Effect.Effect<void>
  }
>()("crossfade/monitoring/Monitor") {
  static readonly layer = (settings: Health.Settings): Layer.Layer<Monitor> =>
    Layer.effect(
      Monitor,
      Effect.suspend(() => make(settings)),
    )
}

/** Transitions that a slow subscriber may be behind. */
const behind = 1000

const make = Effect.fnUntraced(function* (settings: Health.Settings) {
  // A wall clock that is set back an hour would keep an open breaker open for that hour.
  const now = steadyMillis(yield* Clock.Clock)
  const health = yield* Ref.make(Health.make(settings, now()))
  const transitions = yield* PubSub.sliding<Numbered>(behind)

  let published = 0
  let outbox: Outbox.Outbox | undefined

  const publish = (settled: ReadonlyArray<Settled>): void => {
    for (const one of settled) PubSub.publishUnsafe(transitions, { number: ++published, ...one })
  }
  const changeNow = <A>(f: (health: Health.Health, now: number) => A): A => {
    const current = Ref.getUnsafe(health)
    const result = f(current, now())
    // Alone there is nobody who must agree.
    if (outbox === undefined && current.breakers.unsettled.length > 0) {
      publish(Sharing.goAlone(current))
      current.breakers.unsettled = []
    }
    return result
  }
  const change = <A>(f: (health: Health.Health, now: number) => A): Effect.Effect<A> =>
    Effect.sync(() => changeNow(f))

  yield* Effect.forEach(
    settings.providers ?? [],
    (provider) =>
      Effect.forEach(ProviderBreakers.states, (state) =>
        catalogue.providerState.observe({ provider, state }, () =>
          Ref.getUnsafe(health).providers.get(provider)?.breaker.state === state ? 1 : 0,
        ),
      ),
    { discard: true },
  )

  return Monitor.of({
    admit: (orgId, sessionId) =>
      change((health, now) => RuntimePermission.admit(health, orgId, sessionId, now)),
    forced: (orgId) => change((health, now) => RuntimePermission.forcedOf(health, orgId, now)),
    watch: (orgId, ticket) =>
      change((health, now) => {
        Health.started(health, orgId, ticket, now)
        if (outbox) Outbox.started(outbox, orgId, ticket, now)
        return {
          firstProgressLimitMs: () => Health.firstProgressLimitMs(health, ticket),
          progressed: () =>
            changeNow((health, now) => {
              Health.progressed(health, ticket, now)
              if (outbox) Outbox.progressed(outbox, ticket, now)
            }),
        }
      }),
    record: (attempt) =>
      change((health, now) => {
        Health.record(health, attempt, now)
        if (outbox) Outbox.ended(outbox, attempt, now)
      }),
    release: (ticket, orgId) =>
      change((health, now) => {
        Health.release(health, ticket, orgId, now)
        if (outbox) Outbox.forgotten(outbox, ticket, now)
      }),
    admitProvider: (name, later) =>
      change(({ providers, settings }, now) =>
        ProviderBreakers.admit(providers, name, later, now, settings.timeoutThresholdMs),
      ),
    targetEnded: (ended) =>
      Effect.suspend(() => {
        const line = changeNow((health, now) => TargetEnd.record(health, ended, now))
        return line === undefined ? Effect.void : Effect.logWarning(line)
      }),
    takeProbe: change(Probes.take),
    probeEnded: (probe, result) =>
      change((health, now) => {
        Probes.ended(health, probe, result, now)
        if (outbox) Outbox.probed(outbox, probe, result, now)
      }),
    isFallbackEnabled: change(HealthReport.isFallbackEnabled),
    metrics: change((health, now) => HealthReport.metrics(health, now)),
    metricsOf: (orgId) => change((health, now) => HealthReport.metrics(health, now, orgId)),
    status: change(HealthReport.status),
    reset: (reason, orgId) =>
      change((health, now) => {
        Health.reset(health, now, reason, orgId)
        if (outbox) Outbox.reset(outbox, orgId, now)
      }),
    force: (forced, reason, orgId) =>
      change((health, now) => Health.force(health, now, forced, reason, orgId)),
    configure: (thresholds) =>
      change((health) => {
        health.settings = { ...health.settings, ...thresholds }
      }),
    transitions: Effect.map(PubSub.subscribe(transitions), Stream.fromSubscription),
    noted: change(({ breakers }) => (breakers.unsettled.every(({ told }) => told) ? published : undefined)),
    share: Effect.sync(() => {
      const told = (outbox = Outbox.make())
      return (f) => change((health, now) => f({ health, outbox: told, now, publish }))
    }),
    baseline: change(({ breakers }) => breakers.baseline.p99Ms),
    adoptBaseline: (p99Ms) => change(({ breakers }, now) => Baseline.adopt(breakers.baseline, p99Ms, now)),
    restore: (last) => change((health, now) => Health.restore(health, last, now)),
  })
})
