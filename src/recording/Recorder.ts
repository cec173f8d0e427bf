/**
 * The records of a turn while it goes on: each attempt once, at its end, and the run's events in batches. The
 * Monitor learns of users' attempts only; shadows are kept for comparison and never count.
 *
 * A store that fails here does not fail the turn: the run's end writes again what is missing, and only then is
 * anything acknowledged.
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

/** The run whose attempts are written down. */
export interface Recorded {
  readonly id: RunId
  readonly orgId: OrgId
  readonly ticket: Ticket | undefined
  /** Attempts that are not stored yet; of the run's own, so they go when it goes. */
  readonly missing: Array<Attempt>
}

export class Recorder extends Context.Service<
  Recorder,
  {
    /** Counts an attempt and stores it, or leaves it to the run's end: what could not be stored, and the one that ends it. */
    readonly attempt: (run: Recorded, attempt: Attempt) => Effect.Effect<void>
    /** From now on the log's events are stored as they come, in batches. */
    readonly follow: (log: RunLog) => Effect.Effect<Followed>
    /** The missing attempts and events, for the run's end to write. The log is followed no longer. */
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
      // A kept answer says nothing about the provider, which was not asked.
      if (!ended.shadow && ended.usage?.cached !== true) yield* count(orgId, ticket, ended)
      // A success ends the turn, which writes it in the transaction of its end.
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

  // SQLite's calls block, and wait for the disk: what the turn has said last is on its way to its readers before them.
  const rest: Recorder["Service"]["rest"] = ({ missing }, followed) =>
    Effect.map(Effect.yieldNow, () => ({ attempts: missing, entries: events.leave(followed) }))

  return Recorder.of({ attempt, follow, rest })
})
