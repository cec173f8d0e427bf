/**
 * One scenario, one policy, one seed, on a virtual clock: turns come, start where the policy lets them, move to direct
 * mode when the runtime fails before it has shown anything, and end. Pure: the same input gives the same result.
 */
import { OrgId } from "../domain/Ids.ts"
import type { Outcome } from "../domain/Outcome.ts"
import * as Chance from "./Chance.ts"
import { EventQueue } from "./EventQueue.ts"
import { type Policy, tickMs } from "./Policy.ts"
import { faultAt, type Scenario } from "./Scenario.ts"
import { Tally } from "./SimulationTally.ts"
import { type Course, courseOf, type Turn } from "./Upstream.ts"

interface Attempt {
  readonly turn: Turn
  readonly ticket: unknown
  readonly startedAt: number
  readonly course: Course
  readonly number: number
  progressed: boolean
  done: boolean
}

type Event =
  | { readonly _tag: "Arrival"; readonly turn: Turn }
  | { readonly _tag: "Tick" }
  | { readonly _tag: "Retry" | "Progress" | "Check" | "End"; readonly attempt: Attempt }
  | { readonly _tag: "DirectEnd"; readonly turn: Turn; readonly startedAt: number; readonly fault: boolean }
  | { readonly _tag: "ProbeEnd"; readonly probe: unknown; readonly good: boolean }

/** As `CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS`. A turn that has waited for so long has failed. */
const totalMs = 300_000
const retryAfterMs = 100
const probeDeadlineMs = 8000
const sessions = 5000
const purposes = { arrival: 1, org: 2, session: 3 } as const

class Simulation {
  private readonly queue = new EventQueue<Event>()
  private readonly waiting = new Set<Attempt>()
  private readonly scenario: Scenario
  private readonly policy: Policy
  private readonly seed: number
  private readonly tally: Tally
  private readonly orgIds: ReadonlyArray<OrgId>
  private state: string
  private share = 1
  private probes = 0

  constructor(scenario: Scenario, policy: Policy, seed: number, tally: Tally) {
    this.scenario = scenario
    this.policy = policy
    this.seed = seed
    this.tally = tally
    this.orgIds = Array.from({ length: scenario.orgs }, (_, n) => OrgId.make(`org-${n}`))
    this.state = policy.state()
  }

  run(): void {
    this.arrive(0, 0)
    this.queue.add(0, { _tag: "Tick" })
    const endsAt = this.scenario.seconds * 1000
    for (;;) {
      const next = this.queue.take()
      if (next === undefined || next.at > endsAt + 2 * totalMs) return
      if (next.at > endsAt && (next.event._tag === "Tick" || next.event._tag === "Arrival")) continue
      this.handle(next.event, next.at)
      this.watchState(next.at)
    }
  }

  private handle(event: Event, now: number): void {
    switch (event._tag) {
      case "Arrival":
        this.arrive(event.turn.number + 1, now)
        return this.begin(event.turn, now)
      case "Tick":
        this.queue.add(now + tickMs, event)
        return this.tick(now)
      case "Retry":
        return this.attempt(event.attempt.turn, event.attempt.ticket, 1, now)
      case "Progress":
        return this.progress(event.attempt, now)
      case "Check":
        return this.check(event.attempt, now)
      case "End":
        return this.end(event.attempt, now)
      case "DirectEnd":
        return this.directEnd(event, now)
      case "ProbeEnd":
        return this.policy.probeEnded(event.probe, event.good, now)
    }
  }

  private arrive(number: number, after: number): void {
    const mean = 1000 / this.scenario.turnsPerSecond
    const atMs = after + Chance.exponential(this.seed, number, purposes.arrival, mean)
    const org = Math.floor(Chance.draw(this.seed, number, purposes.org) * this.scenario.orgs)
    this.queue.add(atMs, { _tag: "Arrival", turn: { number, org, atMs } })
  }

  private orgOf(turn: Turn): OrgId {
    return this.orgIds[turn.org]!
  }

  private begin(turn: Turn, now: number): void {
    const session = Math.floor(Chance.draw(this.seed, turn.number, purposes.session) * sessions)
    const ticket = this.policy.admit(this.orgOf(turn), `session-${session}`, now)
    this.tally.begun(turn, ticket !== undefined)
    if (ticket === undefined) this.direct(turn, now)
    else this.attempt(turn, ticket, 0, now)
  }

  private attempt(turn: Turn, ticket: unknown, number: number, now: number): void {
    const course = courseOf(this.scenario, this.seed, "runtime_orchestrator", turn, number, now)
    const attempt = { turn, ticket, startedAt: now, course, number, progressed: false, done: false }
    this.policy.started(this.orgOf(turn), ticket, now)
    this.waiting.add(attempt)
    if (course.firstProgressMs < totalMs) {
      this.queue.add(now + course.firstProgressMs, { _tag: "Progress", attempt })
    }
    if (course.endMs < totalMs) this.queue.add(now + course.endMs, { _tag: "End", attempt })
    this.queue.add(now + Math.min(totalMs, this.policy.firstProgressLimitMs(ticket)), {
      _tag: "Check",
      attempt,
    })
  }

  private progress(attempt: Attempt, now: number): void {
    if (attempt.done) return
    attempt.progressed = true
    this.waiting.delete(attempt)
    this.policy.progressed(attempt.ticket, now)
    this.tally.waited(attempt.turn, now)
    if (attempt.course.endMs >= totalMs) {
      this.queue.add(attempt.startedAt + totalMs, { _tag: "Check", attempt })
    }
  }

  /** The clocks: nothing shown for too long moves the turn, too long in all ends it. */
  private check(attempt: Attempt, now: number): void {
    if (attempt.done) return
    const ranMs = now - attempt.startedAt
    if (ranMs + 1 >= totalMs) {
      this.conclude(attempt, "timeout_total", now)
      return this.tally.ended(attempt.turn, "failed", now)
    }
    if (attempt.progressed) return
    const limitMs = Math.min(totalMs, this.policy.firstProgressLimitMs(attempt.ticket))
    // A virtual clock has fractions: within a millisecond is at the limit.
    if (ranMs + 1 < limitMs) {
      return this.queue.add(attempt.startedAt + limitMs, { _tag: "Check", attempt })
    }
    this.conclude(attempt, "timeout_first_content", now)
    this.direct(attempt.turn, now)
  }

  private conclude(attempt: Attempt, outcome: Outcome, now: number): void {
    attempt.done = true
    this.waiting.delete(attempt)
    const { startedAt, ticket, turn } = attempt
    const latencyMs = now - startedAt
    this.policy.ended(
      { orgId: this.orgOf(turn), mode: "runtime_orchestrator", outcome, latencyMs, ticket },
      now,
    )
  }

  private end(attempt: Attempt, now: number): void {
    if (attempt.done) return
    const { course, number, progressed, turn } = attempt
    this.conclude(attempt, course.fault ? "error" : "success", now)
    if (!course.fault) return this.tally.ended(turn, "runtime", now)
    if (progressed) return this.tally.ended(turn, "failed", now)
    if (course.refused && number === 0) {
      return this.queue.add(now + retryAfterMs, { _tag: "Retry", attempt })
    }
    this.direct(turn, now)
  }

  private direct(turn: Turn, now: number): void {
    const course = courseOf(this.scenario, this.seed, "direct_llm", turn, 0, now)
    const endMs = Math.min(totalMs, course.endMs)
    const fault = course.fault || endMs >= totalMs
    if (!fault) this.tally.waited(turn, now + course.firstProgressMs)
    this.queue.add(now + endMs, { _tag: "DirectEnd", turn, startedAt: now, fault })
  }

  private directEnd(
    { fault, startedAt, turn }: { readonly turn: Turn; readonly startedAt: number; readonly fault: boolean },
    now: number,
  ): void {
    const outcome = fault ? "error" : "success"
    const latencyMs = now - startedAt
    const orgId = this.orgOf(turn)
    this.policy.ended({ orgId, mode: "direct_llm", outcome, latencyMs, ticket: undefined }, now)
    this.tally.ended(turn, fault ? "failed" : "direct", now)
  }

  private tick(now: number): void {
    const probe = this.policy.tick(now)
    if (probe === undefined) return
    this.probes += 1
    const turn = { number: -this.probes, org: -1, atMs: now }
    const course = courseOf(this.scenario, this.seed, "runtime_orchestrator", turn, 0, now)
    const shownMs = course.fault ? course.endMs : course.firstProgressMs
    const good = !course.fault && shownMs <= probeDeadlineMs
    this.queue.add(now + Math.min(shownMs, probeDeadlineMs), { _tag: "ProbeEnd", probe, good })
  }

  private watchState(now: number): void {
    const state = this.policy.state()
    const share = this.policy.share()
    if (state === this.state && share === this.share) return
    this.tally.moved(now, this.policy.state(), share)
    // What waits may now be waited for less long.
    if (state !== this.state && state === "open") {
      for (const attempt of this.waiting) this.queue.add(now, { _tag: "Check", attempt })
    }
    this.state = state
    this.share = share
  }
}

export const run = (scenario: Scenario, policy: Policy, seed: number): Tally => {
  const healthy = (turn: Turn) => faultAt(scenario, "runtime_orchestrator", turn.org, turn.atMs) === undefined
  const tally = new Tally(scenario, healthy)
  new Simulation(scenario, policy, seed, tally).run()
  return tally
}
