/**
 * Records a turn while it runs: each attempt once, at its end, and the events in batches. The Monitor counts users'
 * attempts only; shadow attempts are stored for comparison.
 *
 * A failing store does not fail the turn. The run's end writes the missing records again, and only then is anything
 * acknowledged.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OrgId, RunId } from "../domain/Ids.ts"
import type { Attempt } from "../domain/Run.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import type { RunLog } from "../runs/RunLog.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as EventWriter from "./EventWriter.ts"
import type { Followed } from "./EventWriter.ts"
import { Runs, type Unwritten } from "../store/Runs.ts"

/** The run whose attempts are recorded. */
export interface Recorded {
  readonly id: RunId
  readonly orgId: OrgId
  readonly ticket: Ticket | undefined
  /** Attempts that are not stored yet. The array belongs to the run and is freed with it. */
  readonly missing: Array<Attempt>
}

export class Recorder extends Context.Service<
  Recorder,
  {
    /**
     * Counts an attempt and stores it. The run's end stores the attempt that ends it, and those that failed to store.
     */
    readonly attempt: (run: Recorded, attempt: Attempt) => Effect.Effect<void>
    /** Starts to store the log's events in batches. */
    readonly follow: (log: RunLog) => Effect.Effect<Followed>
    /** Returns the missing attempts and events for the run's end to write, and stops following the log. */
    readonly rest: (run: Recorded, followed: Followed) => Effect.Effect<Unwritten>
  }
>()("crossfade/recording/Recorder") {
  static readonly layer: Layer.Layer<Recorder, never, Runs | Monitor> = Layer.effect(
    Recorder,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const runs = yield* Runs
  const monitor = yield* Monitor
  const events = yield* EventWriter.make(runs)

  const count = Effect.fnUntraced(function* (orgId: OrgId, ticket: Ticket | undefined, ended: Attempt) {
    const { mode, outcome } = ended
    const latencyMs = ended.endedAt - ended.startedAt
    const held = mode === "runtime_orchestrator" && ticket !== undefined ? { ticket } : {}
    const cancelled = ended.code === "EXECUTION_CANCELLED"
    yield* monitor.record({ orgId, mode, outcome, latencyMs, cancelled, ...held })
    yield* Measure.attemptEnded(orgId, ended)
  })

  const attempt: Recorder["Service"]["attempt"] = Effect.fnUntraced(
    function* ({ id, missing, orgId, ticket }, ended) {
      // A cached answer is no evidence about the provider, because the provider received no request.
      if (!ended.shadow && ended.usage?.cached !== true) yield* count(orgId, ticket, ended)
      // A success ends the turn, and the transaction of the turn's end writes it.
      if (ended.outcome === "success" && !ended.shadow) missing.push(ended)
      else yield* runs.recordAttempt(id, ended)
    },
    (storing, { missing }, ended) =>
      Effect.catch(storing, (error) => {
        missing.push(ended)
        return Effect.logError("an attempt was not stored yet", error)
      }),
  )

  const follow: Recorder["Service"]["follow"] = (log) => Effect.sync(() => events.follow(log))

  // SQLite's calls block until the disk has written, so the last events are sent to readers first.
  const rest: Recorder["Service"]["rest"] = ({ missing }, followed) =>
    Effect.map(Effect.yieldNow, () => ({ attempts: missing, entries: events.release(followed) }))

  return Recorder.of({ attempt, follow, rest })
})
