/** The figures of a scenario with one policy, over several seeds. Pure. */
import * as LatencyHistogram from "../monitoring/evidence/LatencyHistogram.ts"
import { lastOn, type Scenario } from "./Scenario.ts"
import type { Counts, Move, Tally } from "./SimulationTally.ts"

/** Over the seeds, in seconds; infinite if it never happened. */
export interface Spread {
  readonly median: number
  readonly worst: number
}

/** Shares count the chats of all seeds together. */
export interface Figures {
  readonly seeds: number
  /** From the first fault of the runtime to the first opening. */
  readonly detect: Spread
  /** From the end of the last runtime fault to the final close; 0 if the breaker was closed then. */
  readonly recover: Spread
  readonly inFault: Counts
  readonly beside: Counts
  readonly all: Counts
  /** Openings of the global breaker per run. */
  readonly trips: Spread
  /** Share of all chats, or of those beside the fault. */
  readonly needless: number
  readonly besideNeedless: number
  /** 99 of 100 chats in the fault that showed anything did so within this time, in seconds. */
  readonly waitP99: number
}

const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1] ?? 0, worst: sorted.at(-1) ?? 0 }
}

const runtimeFaults = ({ faults }: Scenario) => faults.filter(({ mode }) => mode === "runtime_orchestrator")

const detectSeconds = (scenario: Scenario, moves: ReadonlyArray<Move>): number => {
  const begins = Math.min(...runtimeFaults(scenario).map(({ from }) => from))
  const opening = moves.find(({ atMs, state }) => state === "open" && atMs >= begins * 1000)
  return opening === undefined ? Number.POSITIVE_INFINITY : opening.atMs / 1000 - begins
}

const recoverSeconds = (scenario: Scenario, moves: ReadonlyArray<Move>): number => {
  const ends = Math.max(0, ...runtimeFaults(scenario).map(lastOn))
  const last = moves.at(-1)
  if (last === undefined) return 0
  return last.state === "closed" ? Math.max(0, last.atMs / 1000 - ends) : Number.POSITIVE_INFINITY
}

const sum = (counts: ReadonlyArray<Counts>): Counts => ({
  begun: counts.reduce((total, { begun }) => total + begun, 0),
  failed: counts.reduce((total, { failed }) => total + failed, 0),
})

/** Share of the started chats; 0 when there were none. */
export const failedShare = ({ begun, failed }: Counts): number => (begun === 0 ? 0 : failed / begun)

const shareOf = (parts: ReadonlyArray<number>, { begun }: Counts): number =>
  begun === 0 ? 0 : parts.reduce((total, part) => total + part, 0) / begun

export const of = (scenario: Scenario, tallies: ReadonlyArray<Tally<never>>): Figures => {
  const all = sum(tallies.map((tally) => tally.all))
  const beside = sum(tallies.map((tally) => tally.besideFault))
  const waits = tallies.reduce(
    (all, tally) => LatencyHistogram.sum(all, tally.waits),
    LatencyHistogram.make(),
  )
  return {
    seeds: tallies.length,
    detect: spread(tallies.map(({ moves }) => detectSeconds(scenario, moves))),
    recover: spread(tallies.map(({ moves }) => recoverSeconds(scenario, moves))),
    inFault: sum(tallies.map((tally) => tally.inFault)),
    beside,
    all,
    trips: spread(tallies.map(({ moves }) => moves.filter(({ state }) => state === "open").length)),
    needless: shareOf(
      tallies.map((tally) => tally.needlessDirect),
      all,
    ),
    besideNeedless: shareOf(
      tallies.map((tally) => tally.besideNeedless),
      beside,
    ),
    waitP99: (LatencyHistogram.quantiles(waits, [0.99])[0] ?? 0) / 1000,
  }
}
