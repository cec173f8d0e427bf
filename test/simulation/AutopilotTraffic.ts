/**
 * Traffic of two cohorts for the autopilot's Monte Carlo: sessions with a few turns that resemble each other, days
 * and nights, and outages that hit many sessions at once, because these break a test that treats every run as
 * independent. Seeded: the same seed gives the same runs.
 */
import type { CohortRun } from "../../src/store/CohortRuns.ts"

/** The differences between the cohorts. All 0 or 1: an A/A rollout. */
export interface Effect {
  /** Added to the share of failed runs, as the user sees them. */
  readonly failures: number
  /** Added to the share of runs that are answered, but not at the first attempt. */
  readonly hiddenFaults: number
  /** A factor of the control's value. */
  readonly latency: number
  readonly tokens: number
  /** The share of the treatment's sessions that never reach the store. */
  readonly lostSessions: number
  /** True: each cohort has its own outages. False: both have the same. */
  readonly ownOutages: boolean
}

interface Session {
  readonly id: string
  readonly cohort: CohortRun["cohort"]
  /** Factors of failures, latency and length against the other sessions. Mean 1. */
  readonly trouble: number
  readonly slowness: number
  readonly length: number
  nextAt: number
  lastFailed: boolean
}

const hour = 3_600_000
const meanTurns = 4
const meanGapMs = 45_000
const failures = 0.02
/** One session in ten is five times as likely to fail: a large context, a broken tool. */
const troubled = { share: 0.1, times: 5 }
/** Twice a day on average, two minutes in which a third of the runs fail. */
const outage = { everyMs: 12 * hour, forMs: 120_000, failures: 0.33 }

/** Mulberry32 (Tommy Ettinger, public domain): uniform in [0, 1). */
export const uniform = (seed: number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Traffic {
  readonly #chance: () => number
  readonly #effect: Effect
  readonly #turnsPerSecond: number
  #open: Array<Session> = []
  #sessions = 0
  readonly #outageUntil = { treatment: 0, control: 0 }

  constructor(seed: number, turnsPerSecond: number, effect: Effect) {
    this.#chance = uniform(Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b)
    this.#effect = effect
    this.#turnsPerSecond = turnsPerSecond
  }

  /** Sessions from before do not count in a new step. */
  beginStep(): void {
    this.#open = []
  }

  /** The runs that started in the `ms` before `now`, with this percentage of the sessions in the treatment. */
  between(now: number, ms: number, percentage: number): ReadonlyArray<CohortRun> {
    this.#outages(now, ms)
    const daily = 1 + 0.7 * Math.sin((2 * Math.PI * now) / (24 * hour))
    const sessions = (((this.#turnsPerSecond * daily * ms) / 1000) * percentage) / 100 / meanTurns
    const share = Math.min(1, (100 - percentage) / percentage)
    this.#arrive("treatment", sessions, now, ms)
    this.#arrive("control", sessions * share, now, ms)
    const runs: Array<CohortRun> = []
    this.#open = this.#open.filter((session) => {
      while (session.nextAt <= now) {
        runs.push(this.#run(session))
        if (this.#chance() < 1 / meanTurns) return false
        session.nextAt += this.#exponential(meanGapMs)
      }
      return true
    })
    return runs
  }

  #exponential(mean: number): number {
    return -mean * Math.log(1 - this.#chance())
  }

  /** Log-normal with this median. */
  #logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#chance()))
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.#chance()))
  }

  #outages(now: number, ms: number): void {
    for (const cohort of ["treatment", "control"] as const) {
      if (this.#chance() >= ms / outage.everyMs) continue
      this.#outageUntil[cohort] = now + outage.forMs
      if (!this.#effect.ownOutages) this.#outageUntil.treatment = this.#outageUntil.control
    }
    if (!this.#effect.ownOutages) this.#outageUntil.treatment = this.#outageUntil.control
  }

  #arrive(cohort: CohortRun["cohort"], expected: number, now: number, ms: number): void {
    // Poisson: the number of exponential steps that fit.
    for (let sum = this.#exponential(1); sum < expected; sum += this.#exponential(1)) {
      if (cohort === "treatment" && this.#chance() < this.#effect.lostSessions) continue
      const isTroubled = this.#chance() < troubled.share
      this.#open.push({
        id: String(this.#sessions++),
        cohort,
        trouble: (isTroubled ? troubled.times : 1) / (1 + troubled.share * (troubled.times - 1)),
        slowness: this.#logNormal(1, 0.3),
        length: this.#logNormal(1, 0.4),
        nextAt: now - this.#chance() * ms,
        lastFailed: false,
      })
    }
  }

  #run(session: Session): CohortRun {
    const { cohort, lastFailed, length, slowness, trouble } = session
    const effect = cohort === "treatment" ? this.#effect : noEffect
    const broken = session.nextAt < this.#outageUntil[cohort] ? outage.failures : 0
    const failed = this.#chance() < (failures + effect.failures) * trouble + broken
    const stopped = this.#chance() < 0.03
    const again = this.#chance() < 0.01 + effect.hiddenFaults * trouble
    const firstContentMs = this.#logNormal(800, 0.5) * slowness * effect.latency
    const totalMs = firstContentMs + this.#logNormal(4000, 0.5) * slowness * effect.latency
    session.lastFailed = failed
    return {
      sessionId: session.id,
      cohort,
      status: stopped ? "cancelled" : failed ? "failed" : "completed",
      repeats: this.#chance() < (lastFailed ? 0.4 : 0.01),
      attempts: again ? 2 : 1,
      firstContentMs: failed ? null : firstContentMs,
      totalMs,
      createdAt: session.nextAt,
      tokens: failed ? null : this.#logNormal(600, 0.7) * length * effect.tokens,
    }
  }
}

export const noEffect: Effect = {
  failures: 0,
  hiddenFaults: 0,
  latency: 1,
  tokens: 1,
  lostSessions: 0,
  ownOutages: false,
}
