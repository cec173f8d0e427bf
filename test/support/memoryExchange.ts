/** The health exchange in memory, for a fleet of Monitors in one process, with its failures. */
import * as Effect from "effect/Effect"
import type {
  Answer,
  Batch,
  Exchange,
  Received,
  Revised,
  SharedState,
} from "../../src/monitoring/fleet/HealthExchange.ts"
import { ExchangeAway } from "../../src/monitoring/fleet/HealthExchange.ts"
import type { ReplicaId } from "../../src/platform/Replica.ts"

const probingMs = 3000

export class MemoryExchange {
  private births = 1
  private next = 1
  private entries: Array<{ readonly at: number; readonly entry: Received }> = []
  private states = new Map<string | null, Revised>()
  private prober: { readonly id: ReplicaId; readonly until: number } | undefined
  private readonly now: () => number
  private readonly windowMs: number
  /** No request gets an answer. */
  isAway = false
  /** A request arrives, its answer does not. */
  isDeaf = false

  constructor(now: () => number, windowMs = 300_000) {
    this.now = now
    this.windowMs = windowMs
  }

  /** Loses all data, as a restart without a disk does. */
  forget(): void {
    this.births += 1
    this.entries = []
    this.states.clear()
    this.prober = undefined
  }

  private add(entry: { _tag: "batch"; batch: Batch } | { _tag: "state"; revised: Revised }): void {
    this.entries.push({ at: this.now(), entry: { ...entry, id: String(this.next++) } })
  }

  exchange(me: ReplicaId, request: Parameters<Exchange["exchange"]>[0]): Answer {
    const now = this.now()
    if (request.batch !== undefined) this.add({ _tag: "batch", batch: { from: me, ...request.batch } })
    this.entries = this.entries.filter(({ at }) => at >= now - this.windowMs)
    if (this.prober === undefined || this.prober.id === me || this.prober.until <= now) {
      this.prober = { id: me, until: now + probingMs }
    }
    return {
      now,
      born: String(this.births),
      probes: this.prober.id === me,
      received: this.entries.map(({ entry }) => entry).filter(({ id }) => Number(id) > Number(request.after)),
      more: false,
      states: request.states ? [...this.states.values()] : [],
    }
  }

  propose(state: SharedState, base: number): Revised {
    const present = this.states.get(state.orgId)
    if (present !== undefined && present.revision > base) return present
    const revised = { revision: base + 1, state }
    this.states.set(state.orgId, revised)
    this.add({ _tag: "state", revised })
    return revised
  }

  private answering<A>(act: () => A): Effect.Effect<A, ExchangeAway> {
    return Effect.suspend(() => {
      const away = Effect.fail(new ExchangeAway({ cause: "away" }))
      if (this.isAway) return away
      const answer = act()
      return this.isDeaf ? away : Effect.succeed(answer)
    })
  }

  of(me: ReplicaId): Exchange {
    return {
      me,
      exchange: (request) => this.answering(() => this.exchange(me, request)),
      propose: (state, base) => this.answering(() => this.propose(state, base)),
    }
  }
}
