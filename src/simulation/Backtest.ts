/**
 * Plays a policy over recorded turns, to show the effect it would have had last week. Pure; it takes one turn after
 * the other and holds only the running ones.
 *
 * Unknown results are left out or assumed: a turn that ran only in direct mode says nothing about the runtime and is
 * left out; an untried direct mode is assumed to answer; a synthetic probe gets the result of the last recorded
 * attempt before it.
 */
import type { Outcome } from "../domain/Outcome.ts"
import type { Attempt } from "../domain/Run.ts"
import type { RecordedTurn } from "../store/RecordedTurns.ts"
import type { Policy } from "./Policy.ts"
import { Simulation } from "./Simulation.ts"
import { Tally } from "./SimulationTally.ts"
import type { Course, Turn, Upstream } from "./Upstream.ts"

export interface Answer {
  /** `known`: turns with a runtime attempt, which were played. `unknown`: the others. */
  readonly known: number
  readonly unknown: number
  /** Failures among the known turns: as recorded, and under the policy. */
  readonly failedRecorded: number
  readonly failed: number
  readonly trips: number
  readonly awayMs: number
  /**
   * Chats sent to direct mode that the runtime had served well, and the time in which the runtime served all chats
   * well.
   */
  readonly needlessDirect: number
  readonly needlessMs: number
}

interface Replayed extends Turn {
  readonly runtime: ReadonlyArray<Attempt>
  readonly direct: Attempt | undefined
}

const isFault = (outcome: Outcome): boolean => outcome !== "success" && outcome !== "neutral"

const never = Number.POSITIVE_INFINITY
/** Stands for a direct attempt that was not recorded. */
const assumed: Course = { firstProgressMs: 500, endMs: 4000, fault: false, refused: false }
const healthy: Course = { firstProgressMs: 800, endMs: 6000, fault: false, refused: false }
/** An older recorded attempt says nothing about the present. */
const newsMs = 60_000
const slotMs = 10_000
/** Starting at a whole minute, probes fall between the same records in every backtest. */
const grainMs = 60_000

const courseOf = (attempt: Attempt, refused: boolean): Course => {
  const { endedAt, firstContentAt, firstProgressAt, outcome, startedAt } = attempt
  const shownAt = firstProgressAt ?? (outcome === "success" ? endedAt : never)
  return {
    firstProgressMs: shownAt - startedAt,
    endMs: endedAt - startedAt,
    fault: isFault(outcome),
    refused,
    outcome,
    movable: firstContentAt === null,
  }
}

const wasServed = ({ runtime }: Replayed): boolean => runtime.at(-1)?.outcome === "success"

/** Time in which a chat was sent away needlessly and no recorded attempt failed, in slots of 10 s. */
class NeedlessTime {
  ms = 0
  private slot = -1
  private needless = false
  private fault = false

  add(atMs: number, needless: boolean, fault: boolean): void {
    const slot = Math.floor(atMs / slotMs)
    if (slot !== this.slot) this.close(slot)
    this.needless ||= needless
    this.fault ||= fault
  }

  close(next: number): void {
    if (this.needless && !this.fault) this.ms += slotMs
    this.slot = next
    this.needless = false
    this.fault = false
  }
}

const awayMs = (tally: Tally<Replayed>): number => {
  let away = 0
  let leftAt: number | undefined
  for (const { atMs, state } of tally.moves) {
    if (state === "closed") {
      away += leftAt === undefined ? 0 : atMs - leftAt
      leftAt = undefined
    } else leftAt ??= atMs
  }
  return away + (leftAt === undefined ? 0 : Math.max(0, tally.durationMs - leftAt))
}

export class Backtest {
  private readonly tally: Tally<Replayed>
  private readonly simulation: Simulation<Replayed>
  private readonly needlessTime = new NeedlessTime()
  private readonly since: number
  private last: { readonly atMs: number; readonly course: Course } | undefined
  private lastAtMs = 0
  private unknown = 0
  private failedRecorded = 0

  /** `since` and `until` in epoch milliseconds. */
  constructor(policy: Policy, since: number, until: number) {
    this.since = Math.floor(since / grainMs) * grainMs
    this.tally = new Tally({ durationMs: until - this.since, concern: () => "none", isServed: wasServed })
    const upstream: Upstream<Replayed> = {
      runtime: ({ runtime }, number) => {
        const attempt = runtime[Math.min(number, runtime.length - 1)]!
        return courseOf(attempt, number === 0 && runtime.length > 1)
      },
      direct: ({ direct }) => (direct === undefined ? assumed : courseOf(direct, false)),
      probe: (_number, now) =>
        this.last !== undefined && now - this.last.atMs <= newsMs ? this.last.course : healthy,
    }
    this.simulation = new Simulation(policy, upstream, this.tally)
  }

  /** Call in order of the turns' start. */
  play({ attempts, createdAt, orgId, sessionId }: RecordedTurn): void {
    const runtime = attempts.filter(({ mode }) => mode === "runtime_orchestrator")
    const first = runtime[0]
    if (first === undefined) {
      this.unknown += 1
      return
    }
    const direct = attempts.findLast(({ mode }) => mode === "direct_llm")
    // The clocks of two processes may differ: a turn never starts before the previous one.
    this.lastAtMs = Math.max(this.lastAtMs, createdAt - this.since)
    const turn: Replayed = { orgId, sessionId, atMs: this.lastAtMs, runtime, direct }
    if (isFault(attempts.at(-1)?.outcome ?? "neutral")) this.failedRecorded += 1
    const before = this.tally.needlessDirect
    this.simulation.arrive(turn)
    this.needlessTime.add(turn.atMs, this.tally.needlessDirect > before, !wasServed(turn))
    const last = runtime.at(-1)!
    if (last.outcome !== "neutral") this.last = { atMs: turn.atMs, course: courseOf(last, false) }
  }

  finish(): Answer {
    this.simulation.finish(this.tally.durationMs)
    this.needlessTime.close(-1)
    const { all, moves, needlessDirect } = this.tally
    return {
      known: all.begun,
      unknown: this.unknown,
      failedRecorded: this.failedRecorded,
      failed: all.failed,
      trips: moves.filter(({ state }) => state === "open").length,
      awayMs: awayMs(this.tally),
      needlessDirect,
      needlessMs: this.needlessTime.ms,
    }
  }
}
