/** The last decisions and changes of mode of this process, for whoever watches it live. */
import * as Context from "effect/Context"
import type { OrgId, RunId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"

interface Happened {
  /** Epoch milliseconds. */
  readonly at: number
  readonly runId: RunId
  readonly orgId: OrgId
}

export interface Decided extends Happened {
  readonly mode: ExecutionMode
  readonly reason: string
}

export interface FellBack extends Happened {
  readonly from: ExecutionMode
  readonly to: ExecutionMode
  readonly code: string
}

const kept = 20

class Last<A> {
  readonly #all: Array<A> = []

  add(one: A): void {
    this.#all.unshift(one)
    if (this.#all.length > kept) this.#all.pop()
  }

  /** Newest first. */
  get all(): ReadonlyArray<A> {
    return [...this.#all]
  }
}

class RecentTurnLists {
  readonly decisions = new Last<Decided>()
  readonly fallbacks = new Last<FellBack>()
}

export const RecentTurns = Context.Reference<RecentTurnLists>("crossfade/monitoring/RecentTurns", {
  defaultValue: () => new RecentTurnLists(),
})
