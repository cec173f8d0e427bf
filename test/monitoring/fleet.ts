/** Replicas that share their health through one exchange, each with its own clock, stepped by hand. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import type { SettledTransition } from "../../src/monitoring/fleet/Agreement.ts"
import * as FleetLink from "../../src/monitoring/fleet/FleetLink.ts"
import type { Exchange } from "../../src/monitoring/fleet/HealthExchange.ts"
import type * as Health from "../../src/monitoring/Health.ts"
import * as MonitorState from "../../src/monitoring/MonitorState.ts"
import { ReplicaId } from "../../src/platform/Replica.ts"
import { MemoryExchange } from "../support/memoryExchange.ts"
import { TestMonitor } from "./TestMonitor.ts"

export interface Turn {
  readonly orgId: OrgId
  readonly ticket: Ticket
  readonly startedAt: number
}

/** A Monitor and its side of the exchange, without a fiber. */
export class Member extends TestMonitor {
  readonly settled: Array<SettledTransition> = []
  private readonly exchange: Exchange
  private readonly clock: () => number

  constructor(exchange: Exchange, settings: Health.Settings, clock: () => number) {
    super(settings, clock())
    this.exchange = exchange
    this.clock = clock
    this.modify((member) => [undefined, member])
  }

  get now(): number {
    return this.clock()
  }

  private modify<A>(change: (member: FleetLink.Member, now: number) => readonly [A, FleetLink.Member]): A {
    const apply = (member: FleetLink.Member) => change(member, this.now)
    const [answer, changed] = MonitorState.onMember(this.state, this.exchange.me, apply)
    const [news, state] = MonitorState.publish(changed)
    this.settled.push(...news.map(({ ours, transition }) => ({ ours, transition })))
    this.state = state
    return answer
  }

  begin(orgId: OrgId, sessionId: string): Turn | undefined {
    const { now } = this
    const { allowed, ticket } = this.admit(orgId, sessionId, now)
    if (allowed === "no") return undefined
    this.started(orgId, ticket, now)
    return { orgId, ticket, startedAt: now }
  }

  progress({ ticket }: Turn): void {
    this.progressed(ticket, this.now)
  }

  end({ orgId, startedAt, ticket }: Turn, outcome: Outcome): void {
    const { now } = this
    this.record({ orgId, mode: "runtime_orchestrator", outcome, latencyMs: now - startedAt, ticket }, now)
  }

  resetNow(orgId?: OrgId): void {
    this.reset(this.now, "reset", orgId)
  }

  /** One of four rounds a second. */
  pulse(): void {
    const listen = (): boolean => {
      const request = this.modify((before) => {
        const [batch, member] = FleetLink.nextBatch(before)
        const { after, inStep } = member.link
        return [{ batch, after, states: !inStep }, member]
      })
      const answer = Effect.runSyncExit(this.exchange.exchange(request))
      if (Exit.isFailure(answer)) return false
      const isMore = this.modify((member, now) => FleetLink.receive(member, answer.value, now))
      return isMore ? listen() : true
    }
    const agree = (): boolean => {
      const proposal = this.modify((member) => [FleetLink.proposal(member), member])
      if (proposal === undefined) return true
      const revised = Effect.runSyncExit(this.exchange.propose(proposal.state, proposal.base))
      if (Exit.isFailure(revised)) return false
      this.modify((member, now) => [undefined, FleetLink.decided(member, revised.value, now)])
      return agree()
    }
    if (!(listen() && agree())) this.modify((member, now) => [undefined, FleetLink.lost(member, now)])
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

  /** Every member receives every event: the last one those of the first, and the first one the answers. */
  meet(): void {
    for (let round = 0; round < 4; round++) for (const member of this.members) member.pulse()
  }
}
