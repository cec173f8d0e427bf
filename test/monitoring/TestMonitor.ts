/** The Monitor's functions over one state, called by hand at times of the test's choice. */
import type { OrgId } from "../../src/domain/Ids.ts"
import * as Breaker from "../../src/monitoring/breaker/Breaker.ts"
import * as Breakers from "../../src/monitoring/breaker/Breakers.ts"
import * as Moves from "../../src/monitoring/breaker/Moves.ts"
import * as OperatorCommands from "../../src/monitoring/breaker/OperatorCommands.ts"
import type { OperatorOverride } from "../../src/monitoring/breaker/OperatorOverride.ts"
import * as RuntimePermission from "../../src/monitoring/breaker/RuntimePermission.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import type { ScopedTransition } from "../../src/monitoring/breaker/Transition.ts"
import * as Orgs from "../../src/monitoring/evidence/Orgs.ts"
import * as SlidingWindow from "../../src/monitoring/evidence/SlidingWindow.ts"
import * as Health from "../../src/monitoring/Health.ts"
import * as HealthReport from "../../src/monitoring/HealthReport.ts"
import * as MonitorState from "../../src/monitoring/MonitorState.ts"
import * as Probes from "../../src/monitoring/probes/Probes.ts"
import type { Probe, ProbeResult } from "../../src/monitoring/probes/Probing.ts"

export class TestMonitor {
  state: MonitorState.MonitorState

  constructor(settings: Health.Settings, now: number) {
    this.state = MonitorState.make(settings, now)
  }

  private apply<A>([answer, health]: readonly [A, Health.Health]): A {
    this.state = { ...this.state, health }
    return answer
  }

  private change(f: (health: Health.Health) => Health.Health): void {
    this.state = MonitorState.onHealth(this.state, f)
  }

  get health(): Health.Health {
    return this.state.health
  }
  get breakers(): Breakers.Breakers {
    return this.health.breakers
  }
  get global(): Breaker.Breaker {
    return this.health.breakers.global
  }
  get transitions(): ReadonlyArray<ScopedTransition> {
    return this.health.breakers.transitions
  }
  breakerOf(orgId: OrgId): Breaker.Breaker | undefined {
    return Orgs.get(this.health.breakers.orgs, orgId)?.breaker
  }
  /** Faults less good attempts against the runtime. */
  get faults(): number {
    return this.health.breakers.faults.value
  }
  faultsOf(orgId: OrgId): number | undefined {
    return Orgs.get(this.health.breakers.orgs, orgId)?.faults.value
  }
  evidence(now: number): SlidingWindow.Tally {
    return SlidingWindow.tally(this.health.breakers.evidence, now)
  }
  /** Attempts under way that have shown nothing. */
  get waiting(): number {
    return this.health.breakers.running.waiting
  }

  admit(orgId: OrgId, sessionId: string, now: number): RuntimePermission.RuntimePermission {
    return this.apply(RuntimePermission.admit(this.health, orgId, sessionId, now))
  }
  started(orgId: OrgId, ticket: Ticket, now: number): void {
    this.state = MonitorState.started(this.state, orgId, ticket, now)
  }
  progressed(ticket: Ticket, now: number): void {
    this.state = MonitorState.progressed(this.state, ticket, now)
  }
  firstProgressLimitMs(ticket: Ticket): number {
    return Health.firstProgressLimitMs(this.health, ticket)
  }
  record(attempt: Health.FinishedAttempt, now: number): void {
    this.state = MonitorState.record(this.state, attempt, now)
  }
  release(ticket: Ticket, orgId: OrgId, now: number): void {
    this.state = MonitorState.release(this.state, ticket, orgId, now)
  }
  takeProbe(now: number): Probe | undefined {
    return this.apply(Probes.take(this.health, now))
  }
  probeEnded(probe: Probe, result: ProbeResult, now: number): void {
    this.state = MonitorState.probeEnded(this.state, probe, result, now)
  }
  advance(now: number): void {
    this.change((health) => Health.advance(health, now))
  }
  reset(now: number, reason: string, orgId?: OrgId): void {
    this.state = MonitorState.reset(this.state, reason, orgId, now)
  }
  setOverride(
    now: number,
    override: Omit<OperatorOverride, "since"> | undefined,
    reason: string,
    orgId?: OrgId,
  ): void {
    this.change((health) => OperatorCommands.override(health, now, override, reason, orgId))
  }
  overrideOf(orgId: OrgId, now: number): OperatorOverride | undefined {
    return RuntimePermission.overrideOf(this.health, orgId, now)
  }
  restore(last: ReadonlyArray<ScopedTransition>, now: number): void {
    this.change((health) => Health.restore(health, last, now))
  }
  status(now: number): HealthReport.Status {
    return this.apply(HealthReport.status(this.health, now))
  }
  metrics(now: number, orgId?: OrgId): HealthReport.Metrics {
    return HealthReport.metrics(this.health, now, orgId)
  }
  /** Makes the organisation the last used one. */
  use(orgId: OrgId, now: number): void {
    this.change((health) => ({ ...health, breakers: Breakers.use(health.breakers, orgId, now) }))
  }
  /** Opens the global breaker, or that of one organisation. */
  trip(now: number, orgId?: OrgId): void {
    this.change((health) => {
      const { breakers } = health
      const { policy } = breakers
      const opened = (breaker: Breaker.Breaker) => Breaker.trip(policy, breaker, now, "faults")
      const own = orgId && this.breakerOf(orgId)
      if (orgId === undefined) {
        return { ...health, breakers: Moves.moveGlobal(breakers, opened(breakers.global)) }
      }
      return own ? { ...health, breakers: Moves.moveOrg(breakers, orgId, opened(own), now) } : health
    })
  }
}
