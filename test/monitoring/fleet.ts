/** Replicas that share their health through one exchange, each with its own clock, stepped by hand. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as RuntimePermission from "../../src/monitoring/breaker/RuntimePermission.ts"
import * as FleetLink from "../../src/monitoring/fleet/FleetLink.ts"
import * as Health from "../../src/monitoring/Health.ts"
import type { Exchange } from "../../src/monitoring/fleet/HealthExchange.ts"
import type { Monitored } from "../../src/monitoring/Monitor.ts"
import * as Outbox from "../../src/monitoring/fleet/Outbox.ts"
import type { Settled } from "../../src/monitoring/fleet/Sharing.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { ReplicaId } from "../../src/platform/Replica.ts"
import { MemoryExchange } from "../support/memoryExchange.ts"

export interface Turn {
  readonly orgId: OrgId
  readonly ticket: Ticket
  readonly startedAt: number
}

/** What `FleetHealth` and `Monitor` do with the pure parts, without a fiber. */
export class Member {
  readonly health: Health.Health
  readonly outbox = Outbox.make()
  readonly settled: Array<Settled> = []
  private readonly exchange: Exchange
  private readonly link: FleetLink.FleetLink
  private readonly clock: () => number

  constructor(exchange: Exchange, settings: Health.Settings, clock: () => number) {
    this.exchange = exchange
    this.link = FleetLink.make(exchange.me)
    this.clock = clock
    this.health = Health.make(settings, clock())
  }

  get monitored(): Monitored {
    const { health, outbox } = this
    return { health, outbox, now: this.clock(), publish: (news) => this.settled.push(...news) }
  }

  get global() {
    return this.health.breakers.global
  }

  begin(orgId: OrgId, sessionId: string): Turn | undefined {
    const now = this.clock()
    const { allowed, ticket } = RuntimePermission.admit(this.health, orgId, sessionId, now)
    if (allowed === "no") return undefined
    Health.started(this.health, orgId, ticket, now)
    Outbox.started(this.outbox, orgId, ticket, now)
    return { orgId, ticket, startedAt: now }
  }

  progress({ ticket }: Turn): void {
    Health.progressed(this.health, ticket, this.clock())
    Outbox.progressed(this.outbox, ticket, this.clock())
  }

  end({ orgId, startedAt, ticket }: Turn, outcome: Outcome): void {
    const now = this.clock()
    const ended = {
      orgId,
      mode: "runtime_orchestrator",
      outcome,
      latencyMs: now - startedAt,
      ticket,
    } as const
    Health.record(this.health, ended, now)
    Outbox.ended(this.outbox, ended, now)
  }

  reset(orgId?: OrgId): void {
    Health.reset(this.health, this.clock(), "reset", orgId)
    Outbox.reset(this.outbox, orgId, this.clock())
  }

  /** What happens four times a second. */
  pulse(): void {
    const listen = (): boolean => {
      const batch = FleetLink.nextBatch(this.link, this.monitored)
      const told = { batch, after: this.link.after, states: !this.link.inStep }
      const answer = Effect.runSyncExit(this.exchange.exchange(told))
      if (Exit.isFailure(answer)) return false
      return FleetLink.hear(this.link, answer.value, this.monitored) ? listen() : true
    }
    const agree = (): boolean => {
      const proposal = FleetLink.proposal(this.link, this.monitored)
      if (proposal === undefined) return true
      const revised = Effect.runSyncExit(this.exchange.propose(proposal.state, proposal.base))
      if (Exit.isFailure(revised)) return false
      FleetLink.decided(this.link, revised.value, this.monitored)
      return agree()
    }
    if (!(listen() && agree())) FleetLink.lost(this.link, this.monitored)
  }
}

export class TestFleet {
  readonly exchange: MemoryExchange
  readonly members: Array<Member> = []
  private readonly settings: Health.Settings
  now: number

  constructor(size: number, settings: Health.Settings, start: number) {
    this.now = start
    this.settings = settings
    this.exchange = new MemoryExchange(() => this.now, settings.windowMs)
    for (let place = 0; place < size; place++) this.join()
  }

  /** `aheadMs`: of its clock. */
  join(aheadMs = this.members.length * 1000): Member {
    const me = ReplicaId.make(`replica-${this.members.length}`)
    const member = new Member(this.exchange.of(me), this.settings, () => this.now + aheadMs)
    this.members.push(member)
    return member
  }

  /** Everybody hears everything: what the first did last is heard by the last, and its answer by the first. */
  meet(): void {
    for (let round = 0; round < 4; round++) for (const member of this.members) member.pulse()
  }
}
