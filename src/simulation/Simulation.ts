/**
 * One policy on a virtual clock: turns arrive, start where the policy lets them, move to direct mode when the runtime
 * fails before it has shown anything, and end. The arrivals and the behaviour of the modes are inputs. Pure: the same
 * input gives the same result.
 */
import type { Outcome } from "../domain/Outcome.ts"
import { EventQueue } from "./EventQueue.ts"
import { type Policy, tickMs } from "./Policy.ts"
import type { Tally } from "./SimulationTally.ts"
import type { Course, Turn, Upstream } from "./Upstream.ts"

interface Attempt<T> {
  readonly turn: T
  readonly ticket: unknown
  readonly startedAt: number
  readonly course: Course
  readonly number: number
  progressed: boolean
  done: boolean
}

type Event<T> =
  | { readonly _tag: "Tick" }
  | { readonly _tag: "Retry" | "Progress" | "Check" | "End"; readonly attempt: Attempt<T> }
  | { readonly _tag: "DirectEnd"; readonly turn: T; readonly startedAt: number; readonly fault: boolean }
  | { readonly _tag: "ProbeEnd"; readonly probe: unknown; readonly good: boolean }

/** As `CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS`. A turn that waits this long has failed. */
export const totalMs = 300_000
const retryAfterMs = 100
const probeDeadlineMs = 8000

export class Simulation<T extends Turn> {
  private readonly queue = new EventQueue<Event<T>>()
  private readonly waiting = new Set<Attempt<T>>()
  private readonly policy: Policy
  private readonly upstream: Upstream<T>
  private readonly tally: Tally<T>
  private state: string
  private share = 1
  private probes = 0
  private isOver = false

  constructor(policy: Policy, upstream: Upstream<T>, tally: Tally<T>) {
    this.policy = policy
    this.upstream = upstream
    this.tally = tally
    this.state = policy.state()
    this.queue.add(0, { _tag: "Tick" })
  }

  /** Call in order of the arrivals. */
  arrive(turn: T): void {
    this.runUntil(turn.atMs)
    this.begin(turn, turn.atMs)
    this.watchState(turn.atMs)
  }

  /** No more arrivals: the running turns end. */
  finish(endsAt: number): void {
    this.runUntil(endsAt)
    this.isOver = true
    this.runUntil(endsAt + 2 * totalMs)
  }

  private runUntil(atMs: number): void {
    while (this.queue.nextAt <= atMs) {
      const next = this.queue.take()
      if (next === undefined) return
      this.handle(next.event, next.at)
      this.watchState(next.at)
    }
  }

  private handle(event: Event<T>, now: number): void {
    switch (event._tag) {
      case "Tick":
        if (this.isOver) return
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

  private begin(turn: T, now: number): void {
    const ticket = this.policy.admit(turn.orgId, turn.sessionId, now)
    this.tally.begun(turn, ticket !== undefined)
    if (ticket === undefined) this.direct(turn, now)
    else this.attempt(turn, ticket, 0, now)
  }

  private attempt(turn: T, ticket: unknown, number: number, now: number): void {
    const course = this.upstream.runtime(turn, number, now)
    const attempt: Attempt<T> = {
      turn,
      ticket,
      startedAt: now,
      course,
      number,
      progressed: false,
      done: false,
    }
    this.policy.started(turn.orgId, ticket, now)
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

  private progress(attempt: Attempt<T>, now: number): void {
    if (attempt.done) return
    attempt.progressed = true
    this.waiting.delete(attempt)
    this.policy.progressed(attempt.ticket, now)
    this.tally.shown(attempt.turn, now)
    if (attempt.course.endMs >= totalMs) {
      this.queue.add(attempt.startedAt + totalMs, { _tag: "Check", attempt })
    }
  }

  /** The deadlines: too long without progress moves the turn, too long in total ends it. */
  private check(attempt: Attempt<T>, now: number): void {
    if (attempt.done) return
    const ranMs = now - attempt.startedAt
    if (ranMs + 1 >= totalMs) {
      this.conclude(attempt, "timeout_total", now)
      return this.tally.ended(attempt.turn, "failed")
    }
    if (attempt.progressed) return
    const limitMs = Math.min(totalMs, this.policy.firstProgressLimitMs(attempt.ticket))
    // A virtual clock has fractions: within a millisecond counts as at the limit.
    if (ranMs + 1 < limitMs) {
      return this.queue.add(attempt.startedAt + limitMs, { _tag: "Check", attempt })
    }
    this.conclude(attempt, "timeout_first_content", now)
    this.direct(attempt.turn, now)
  }

  private conclude(attempt: Attempt<T>, outcome: Outcome, now: number): void {
    attempt.done = true
    this.waiting.delete(attempt)
    const { startedAt, ticket, turn } = attempt
    const latencyMs = now - startedAt
    this.policy.ended({ orgId: turn.orgId, mode: "runtime_orchestrator", outcome, latencyMs, ticket }, now)
  }

  private end(attempt: Attempt<T>, now: number): void {
    if (attempt.done) return
    const { course, number, progressed, turn } = attempt
    this.conclude(attempt, course.outcome ?? (course.fault ? "error" : "success"), now)
    if (!course.fault) return this.tally.ended(turn, "runtime")
    if (progressed && course.movable !== true) return this.tally.ended(turn, "failed")
    if (course.refused && number === 0) {
      return this.queue.add(now + retryAfterMs, { _tag: "Retry", attempt })
    }
    this.direct(turn, now)
  }

  private direct(turn: T, now: number): void {
    const course = this.upstream.direct(turn, now)
    const endMs = Math.min(totalMs, course.endMs)
    const fault = course.fault || endMs >= totalMs
    if (!fault) this.tally.shown(turn, now + course.firstProgressMs)
    this.queue.add(now + endMs, { _tag: "DirectEnd", turn, startedAt: now, fault })
  }

  private directEnd(
    { fault, startedAt, turn }: { readonly turn: T; readonly startedAt: number; readonly fault: boolean },
    now: number,
  ): void {
    const outcome = fault ? "error" : "success"
    const latencyMs = now - startedAt
    const { orgId } = turn
    this.policy.ended({ orgId, mode: "direct_llm", outcome, latencyMs, ticket: undefined }, now)
    this.tally.ended(turn, fault ? "failed" : "direct")
  }

  private tick(now: number): void {
    const probe = this.policy.tick(now)
    if (probe === undefined) return
    this.probes += 1
    const course = this.upstream.probe(this.probes, now)
    const shownMs = course.fault ? course.endMs : course.firstProgressMs
    const good = !course.fault && shownMs <= probeDeadlineMs
    this.queue.add(now + Math.min(shownMs, probeDeadlineMs), { _tag: "ProbeEnd", probe, good })
  }

  private watchState(now: number): void {
    const state = this.policy.state()
    const share = this.policy.share()
    if (state === this.state && share === this.share) return
    this.tally.moved(now, this.policy.state(), share)
    // The limit of waiting attempts may be shorter now.
    if (state !== this.state && state === "open") {
      for (const attempt of this.waiting) this.queue.add(now, { _tag: "Check", attempt })
    }
    this.state = state
    this.share = share
  }
}
