/** Results of a simulated run: how its chats ended, how long users waited, how the policy moved. */
import * as LatencyHistogram from "../monitoring/evidence/LatencyHistogram.ts"
import type { Policy } from "./Policy.ts"
import type { Turn } from "./Upstream.ts"

export interface Move {
  readonly atMs: number
  readonly state: ReturnType<Policy["state"]>
  /** Share of the sessions that may use the runtime. */
  readonly share: number
}

/** Chats that started in one slice of time, by the mode that answered. */
export interface Slice {
  runtime: number
  direct: number
  failed: number
}

export interface Counts {
  begun: number
  failed: number
}

type Ending = "runtime" | "direct" | "failed"

/** `fault`: a fault affects the turn. `beside`: a fault affects other turns only. */
export type Concern = "fault" | "beside" | "none"

/** Classifies a turn. */
interface View<T extends Turn> {
  readonly durationMs: number
  readonly concern: (turn: T) => Concern
  /** True if the runtime would have served it well. */
  readonly isServed: (turn: T) => boolean
}

const sliceCount = 720

export class Tally<T extends Turn = Turn> {
  readonly all: Counts = { begun: 0, failed: 0 }
  /** Chats that started during a fault that affects them. */
  readonly inFault: Counts = { begun: 0, failed: 0 }
  /** Chats that started during a fault that affects only others. */
  readonly besideFault: Counts = { begun: 0, failed: 0 }
  /** Sent to direct mode although the runtime would have served them well. */
  needlessDirect = 0
  besideNeedless = 0
  /** From the start of a chat to its first progress; only chats that a fault affects. */
  waits = LatencyHistogram.make()
  readonly moves: Array<Move> = []
  readonly slices: Array<Slice> = []
  readonly sliceMs: number
  readonly durationMs: number
  private readonly view: View<T>

  constructor(view: View<T>) {
    this.view = view
    this.durationMs = view.durationMs
    this.sliceMs = view.durationMs / sliceCount
    for (let slice = 0; slice < sliceCount; slice++) this.slices.push({ runtime: 0, direct: 0, failed: 0 })
  }

  begun(turn: T, inRuntime: boolean): void {
    const concern = this.view.concern(turn)
    this.all.begun += 1
    if (concern === "fault") this.inFault.begun += 1
    if (concern === "beside") this.besideFault.begun += 1
    if (inRuntime || concern === "fault" || !this.view.isServed(turn)) return
    this.needlessDirect += 1
    if (concern === "beside") this.besideNeedless += 1
  }

  shown(turn: T, atMs: number): void {
    if (this.view.concern(turn) === "fault") this.waits = LatencyHistogram.add(this.waits, atMs - turn.atMs)
  }

  ended(turn: T, how: Ending): void {
    const slice = this.slices[Math.min(sliceCount - 1, Math.floor(turn.atMs / this.sliceMs))]
    if (slice !== undefined) slice[how] += 1
    if (how !== "failed") return
    const concern = this.view.concern(turn)
    this.all.failed += 1
    if (concern === "fault") this.inFault.failed += 1
    if (concern === "beside") this.besideFault.failed += 1
  }

  moved(atMs: number, state: Move["state"], share: number): void {
    this.moves.push({ atMs, state, share })
  }
}
