/** Takes down what a fault test saw, for `docs/reference/faults.md`: `npm run faults` collects it from vitest's report. */
import type { RunnerTask } from "vitest"
import type { Expected } from "../wires/WireCase.ts"
import type { Ended } from "../wires/WireTurn.ts"

/** One row of the page, as one test saw it. */
export interface Seen {
  /** An id of the checklist. */
  readonly id: string
  readonly fault: string
  /** Kind of upstream, or what stands in its place. */
  readonly at: string
  readonly expected: string
  readonly seen: string
  readonly attempts: number
  readonly ms: number
}

declare module "vitest" {
  interface TaskMeta {
    faults?: Array<Seen>
  }
}

export const take = ({ meta }: Pick<RunnerTask, "meta">, seen: Seen): void => {
  meta.faults = [...(meta.faults ?? []), { ...seen, ms: Math.round(seen.ms) }]
}

/** The end of a turn as the page shows it. */
export const endOf = ({ attempts, end }: Pick<Expected | Ended, "attempts" | "end">): string =>
  [...attempts.map(([outcome, code]) => code ?? outcome), end].join(", ")
