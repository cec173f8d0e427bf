/** What a simulated run came to: how its chats ended, what users waited, how the policy moved. */
import type { Policy } from "./Policy.ts"
import type { Scenario } from "./Scenario.ts"
import type { Turn } from "./Upstream.ts"

export interface Move {
  readonly atMs: number
  readonly state: ReturnType<Policy["state"]>
  /** Of the sessions that may use the runtime. */
  readonly share: number
}

/** Chats that began in one slice of time, by who answered them. */
export interface Slice {
  runtime: number
  direct: number
  failed: number
}

/** Of chats that began while a fault of theirs lasted, and of all. */
interface Counts {
  begun: number
  failed: number
}

export type Ending = "runtime" | "direct" | "failed"

export class Tally {
  readonly all: Counts = { begun: 0, failed: 0 }
  readonly inFault: Counts = { begun: 0, failed: 0 }
  /** Chats that no fault concerned, while one lasted for others. */
  readonly besideFault: Counts = { begun: 0, failed: 0 }
  /** Sent to direct mode though nothing was wrong with the runtime for them. */
  needlessDirect = 0
  besideNeedless = 0
  readonly moves: Array<Move> = []
  readonly slices: Array<Slice> = []
  readonly sliceMs: number
  readonly scenario: Scenario
  private readonly healthy: (turn: Turn) => boolean

  constructor(scenario: Scenario, healthy: (turn: Turn) => boolean) {
    this.scenario = scenario
    this.healthy = healthy
    this.sliceMs = (scenario.seconds * 1000) / 240
  }

  private partsOf(turn: Turn): ReadonlyArray<Counts> {
    const at = turn.atMs / 1000
    const during = this.scenario.faults.filter(({ from, to }) => at >= from && at < to)
    if (during.length === 0) return [this.all]
    const concerned = during.some(({ org }) => org === undefined || org === turn.org)
    return [this.all, concerned ? this.inFault : this.besideFault]
  }

  begun(turn: Turn, inRuntime: boolean): void {
    const parts = this.partsOf(turn)
    for (const part of parts) part.begun += 1
    if (inRuntime || parts[1] === this.inFault || !this.healthy(turn)) return
    this.needlessDirect += 1
    if (parts[1] === this.besideFault) this.besideNeedless += 1
  }

  ended(turn: Turn, how: Ending, _now: number): void {
    if (how === "failed") for (const part of this.partsOf(turn)) part.failed += 1
    const slice = (this.slices[Math.floor(turn.atMs / this.sliceMs)] ??= { runtime: 0, direct: 0, failed: 0 })
    slice[how] += 1
  }

  waited(_turn: Turn, _shownAt: number): void {}

  moved(atMs: number, state: Move["state"], share: number): void {
    this.moves.push({ atMs, state, share })
  }
}
