/**
 * Records every attempt of both modes, and decides before every turn whether it may use the runtime: attempts -> evidence ->
 * breakers -> the next decision.
 *
 * One Ref holds an immutable state, and every method applies one pure function to it at once, so a probe is never leased twice.
 * No method fails or waits. The rules are in TripRules, Ramp and HalfOpenProbe; `Health` puts them together.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import * as PubSub from "effect/PubSub"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { OrgId } from "../domain/Ids.ts"
import { steadyMillis } from "../platform/Monotonic.ts"
import type { ReplicaId } from "../platform/Replica.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as OperatorCommands from "./breaker/OperatorCommands.ts"
import type { OperatorOverride } from "./breaker/OperatorOverride.ts"
import * as ProviderBreakers from "./breaker/ProviderBreakers.ts"
import * as RuntimePermission from "./breaker/RuntimePermission.ts"
import type { Ticket } from "./breaker/Ticket.ts"
import type { ScopedTransition } from "./breaker/Transition.ts"
import * as Baseline from "./evidence/Baseline.ts"
import * as TargetEnd from "./evidence/TargetEnd.ts"
import type { Member } from "./fleet/FleetLink.ts"
import * as Health from "./Health.ts"
import * as HealthReport from "./HealthReport.ts"
import * as MonitorState from "./MonitorState.ts"
import * as Probes from "./probes/Probes.ts"
import type { Probe, ProbeResult } from "./probes/Probing.ts"

export type { Settings as MonitorSettings, FinishedAttempt } from "./Health.ts"
export type { NumberedTransition } from "./MonitorState.ts"

/** For the attempt itself, which may not wait: plain functions. */
interface AttemptWatch {
  /** The longest time without progress, from the attempt's start. May shrink while it waits. Milliseconds. */
  readonly firstProgressLimitMs: () => number
  /** The attempt has shown its first progress. */
  readonly progressed: () => void
}

/** Changes the state as a member of the fleet; `now` is this replica's time. */
type ChangeMember = <A>(change: (member: Member, now: number) => readonly [A, Member]) => Effect.Effect<A>

export class Monitor extends Context.Service<
  Monitor,
  {
    /**
     * Decides whether a turn of this session may use the runtime now. "probe": this turn alone may. The caller must end it
     * with `record` or `release`, or no turn is let in until the lease expires (`timeoutThresholdMs`).
     */
    readonly admit: (orgId: OrgId, sessionId: string) => Effect.Effect<RuntimePermission.RuntimePermission>
    /** The operator's override for this organisation's turns. */
    readonly override: (orgId: OrgId) => Effect.Effect<OperatorOverride | undefined>
    /** A runtime attempt of the ticket begins. */
    readonly watch: (orgId: OrgId, ticket: Ticket) => Effect.Effect<AttemptWatch>
    /**
     * One finished attempt, of either mode. A ticket matters for runtime attempts only. A neutral outcome moves no breaker;
     * of a probe it gives the lease back.
     */
    readonly record: (attempt: Health.FinishedAttempt) => Effect.Effect<void>
    /**
     * Admits a turn to this direct provider; `later` are the providers after it. Undefined: skip it. The caller must pass the
     * end of an admitted attempt to `targetEnded`.
     */
    readonly admitProvider: (
      name: string,
      later: ReadonlyArray<string>,
    ) => Effect.Effect<ProviderBreakers.Pass | undefined>
    /** The end of a user's attempt, for the breaker of its provider and the refusals of its agent. */
    readonly targetEnded: (ended: TargetEnd.EndedAttempt) => Effect.Effect<void>
    /** A turn has ended: drops the unrecorded part of its ticket. May be a finalizer. */
    readonly release: (ticket: Ticket, orgId: OrgId) => Effect.Effect<void>
    /** Call it often: it applies the effects of time, and gives the synthetic probe to start now. */
    readonly takeProbe: Effect.Effect<Probe | undefined>
    /** The caller of `takeProbe` must end every probe. */
    readonly probeEnded: (probe: Probe, result: ProbeResult) => Effect.Effect<void>
    /** True while turns of all organisations leave the runtime. */
    readonly isFallbackEnabled: Effect.Effect<boolean>
    readonly metrics: Effect.Effect<HealthReport.Metrics>
    /** All zero for an unknown organisation. */
    readonly metricsOf: (orgId: OrgId) => Effect.Effect<HealthReport.Metrics>
    readonly status: Effect.Effect<HealthReport.Status>
    /** The last `spanMs` of both modes, and the global breaker. */
    readonly recent: (spanMs: number) => Effect.Effect<HealthReport.Recent>
    readonly evidence: Effect.Effect<HealthReport.ShownEvidence>
    readonly thresholds: Effect.Effect<HealthReport.ShownThresholds>
    /** `lost`: the exchange does not answer, so this replica decides alone. */
    readonly fleet: Effect.Effect<"none" | "joined" | "lost">
    /** Closes the breaker of one organisation now; without `orgId` every breaker. `by` is the operator, as in `setOverride`. */
    readonly reset: (reason: string, orgId?: OrgId, by?: string) => Effect.Effect<void>
    /** Sets an override for one organisation or for all; undefined ends it. */
    readonly setOverride: (
      override: Omit<OperatorOverride, "since"> | undefined,
      reason: string,
      orgId?: OrgId,
      by?: string,
    ) => Effect.Effect<void>
    /** Other thresholds from now on; the length of the window stays. */
    readonly configure: (
      thresholds: Partial<Omit<Health.Settings, "windowMs" | "probes" | "providers">>,
    ) => Effect.Effect<void>
    /** Every transition from now on, in groups that one change caused. */
    readonly transitions: Effect.Effect<
      Stream.Stream<ReadonlyArray<MonitorState.NumberedTransition>>,
      never,
      Scope.Scope
    >
    /** The number of transitions so far; undefined while the fleet has not accepted some of them. */
    readonly settledTransitions: Effect.Effect<number | undefined>
    /** Joins the fleet: from now on a transition is final only when the fleet, or its loss, settles it. */
    readonly joinFleet: (me: ReplicaId) => Effect.Effect<ChangeMember>
    /** The p99 of a healthy runtime's time to first progress, in milliseconds; undefined before enough attempts. */
    readonly baseline: Effect.Effect<number | undefined>
    /** Continues with the p99 that another process has learned. */
    readonly adoptBaseline: (p99Ms: number) => Effect.Effect<void>
    /** Continues from another process: its last transition of each scope. */
    readonly restore: (last: ReadonlyArray<ScopedTransition>) => Effect.Effect<void>
  }
>()("crossfade/monitoring/Monitor") {
  static readonly layer = (settings: Health.Settings): Layer.Layer<Monitor> =>
    Layer.effect(
      Monitor,
      Effect.suspend(() => make(settings)),
    )
}

type State = MonitorState.MonitorState

/** A slow subscriber may be this many groups of transitions late. */
const bufferedTransitions = 1000

const make = Effect.fnUntraced(function* (settings: Health.Settings) {
  // A wall clock that is set back an hour would keep an open breaker open for that hour.
  const now = steadyMillis(yield* Clock.Clock)
  const ref = yield* Ref.make(MonitorState.make(settings, now()))
  const transitions =
    yield* PubSub.sliding<ReadonlyArray<MonitorState.NumberedTransition>>(bufferedTransitions)

  /** The new state is set before its news wake their listeners, because a listener may change the state at once. */
  const apply = <A>(change: (state: State, now: number) => readonly [A, State]): A => {
    const [answer, changed] = change(Ref.getUnsafe(ref), now())
    const [news, next] = MonitorState.publish(changed)
    MutableRef.set(ref.ref, next)
    if (news.length > 0) PubSub.publishUnsafe(transitions, news)
    return answer
  }
  const modify = <A>(change: (state: State, now: number) => readonly [A, State]): Effect.Effect<A> =>
    Effect.sync(() => apply(change))
  const update = (change: (state: State, now: number) => State): Effect.Effect<void> =>
    modify((state, now) => [undefined, change(state, now)])
  const applyHealth = <A>(change: (health: Health.Health, now: number) => readonly [A, Health.Health]): A =>
    apply((state, now) => {
      const [answer, health] = change(state.health, now)
      return [answer, health === state.health ? state : { ...state, health }]
    })
  const modifyHealth = <A>(
    change: (health: Health.Health, now: number) => readonly [A, Health.Health],
  ): Effect.Effect<A> => Effect.sync(() => applyHealth(change))
  const updateHealth = (change: (health: Health.Health, now: number) => Health.Health): Effect.Effect<void> =>
    update((state, now) => ({ ...state, health: change(state.health, now) }))
  const read = <A>(f: (health: Health.Health, now: number) => A): Effect.Effect<A> =>
    Effect.map(Ref.get(ref), ({ health }) => f(health, now()))

  yield* Effect.forEach(
    settings.providers ?? [],
    (provider) =>
      Effect.forEach(ProviderBreakers.states, (state) =>
        catalogue.providerState.observe({ provider, state }, () =>
          Ref.getUnsafe(ref).health.providers.get(provider)?.breaker.state === state ? 1 : 0,
        ),
      ),
    { discard: true },
  )

  return Monitor.of({
    admit: (orgId, sessionId) =>
      modifyHealth((health, now) => RuntimePermission.admit(health, orgId, sessionId, now)),
    override: (orgId) => read((health, now) => RuntimePermission.overrideOf(health, orgId, now)),
    watch: (orgId, ticket) =>
      Effect.as(
        update((state, now) => MonitorState.started(state, orgId, ticket, now)),
        {
          firstProgressLimitMs: () => Health.firstProgressLimitMs(Ref.getUnsafe(ref).health, ticket),
          progressed: () => apply((state, now) => [undefined, MonitorState.progressed(state, ticket, now)]),
        },
      ),
    record: (attempt) => update((state, now) => MonitorState.record(state, attempt, now)),
    release: (ticket, orgId) => update((state, now) => MonitorState.release(state, ticket, orgId, now)),
    admitProvider: (name, later) =>
      modifyHealth((health, now) => {
        const leaseMs = health.settings.timeoutThresholdMs
        const [pass, providers] = ProviderBreakers.admit(health.providers, name, later, now, leaseMs)
        return [pass, { ...health, providers }]
      }),
    targetEnded: (ended) =>
      Effect.suspend(() => {
        const line = applyHealth((health, now) => TargetEnd.record(health, ended, now))
        return line === undefined ? Effect.void : Effect.logWarning(line)
      }),
    takeProbe: modifyHealth(Probes.take),
    probeEnded: (probe, result) => update((state, now) => MonitorState.probeEnded(state, probe, result, now)),
    isFallbackEnabled: read(HealthReport.isFallbackEnabled),
    metrics: read((health, now) => HealthReport.metrics(health, now)),
    metricsOf: (orgId) => read((health, now) => HealthReport.metrics(health, now, orgId)),
    status: modifyHealth(HealthReport.status),
    recent: (spanMs) => read((health, now) => HealthReport.recent(health, now, spanMs)),
    evidence: read(HealthReport.evidence),
    thresholds: read(HealthReport.thresholds),
    fleet: Effect.map(Ref.get(ref), MonitorState.fleetState),
    reset: (reason, orgId, by) => update((state, now) => MonitorState.reset(state, reason, orgId, now, by)),
    setOverride: (override, reason, orgId, by) =>
      updateHealth((health, now) => OperatorCommands.override(health, now, override, reason, orgId, by)),
    configure: (thresholds) =>
      updateHealth((health) => ({ ...health, settings: { ...health.settings, ...thresholds } })),
    transitions: Effect.map(PubSub.subscribe(transitions), Stream.fromSubscription),
    settledTransitions: Effect.map(Ref.get(ref), MonitorState.settledTransitions),
    joinFleet: (me) =>
      Effect.succeed((change) =>
        modify((state, now) => MonitorState.onMember(state, me, (member) => change(member, now))),
      ),
    baseline: read(({ breakers }) => breakers.baseline.p99Ms),
    adoptBaseline: (p99Ms) =>
      updateHealth((health, now) => ({
        ...health,
        breakers: { ...health.breakers, baseline: Baseline.adopt(p99Ms, now) },
      })),
    restore: (last) => updateHealth((health, now) => Health.restore(health, last, now)),
  })
})
