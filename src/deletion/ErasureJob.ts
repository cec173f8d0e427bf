/**
 * Erases users and organisations: deletes their sessions, waits until the purge has removed them, removes the rest, and ends
 * when no row is left. Turns that begin meanwhile are deleted too.
 *
 * One replica does all jobs. It holds them for half a minute at a time, so another one continues after its death.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { Erasure, ErasureProgress } from "../domain/Erasure.ts"
import { Deletions } from "../store/Deletions.ts"
import { Erasures } from "../store/Erasures.ts"
import * as Loop from "../telemetry/Loop.ts"
import { Deletion } from "./Deletion.ts"
import { Purger } from "./Purger.ts"

/** A job needs several passes, because the replicas must learn first that its API keys are revoked. */
const every = Schedule.spaced("1 second")
/** Longer than a step takes. */
const heldMs = 30_000
/** Between two steps: gives the turns of others time. */
const pause = "20 millis"
/** The replicas may use a removed agent or key from their caches for this long. */
const cachesLast = "1 second"

const texts = {
  ContentsUnavailable: "The contents of uploaded files could not be removed.",
  StoreError: "The store did not complete a step.",
} as const

type Counted = Exclude<keyof ErasureProgress, "failures" | "lastFailure">

const make = Effect.gen(function* () {
  const deletion = yield* Deletion
  const deletions = yield* Deletions
  const erasures = yield* Erasures
  const purger = yield* Purger

  /** The progress of a job, stored after each step. */
  const progressOf = (erasure: Erasure) => {
    let progress = erasure.progress
    const store = (changed: Partial<ErasureProgress>) =>
      Effect.gen(function* () {
        progress = { ...progress, ...changed }
        const now = yield* Clock.currentTimeMillis
        yield* erasures.record(erasure.id, progress, now)
        yield* erasures.hold(now + heldMs)
      })
    return {
      add: (counts: Partial<Record<Counted, number>>) =>
        store({
          lastFailure: null,
          sessions: progress.sessions + (counts.sessions ?? 0),
          messages: progress.messages + (counts.messages ?? 0),
          runs: progress.runs + (counts.runs ?? 0),
          files: progress.files + (counts.files ?? 0),
          apiKeys: progress.apiKeys + (counts.apiKeys ?? 0),
          agents: progress.agents + (counts.agents ?? 0),
        }),
      failed: (lastFailure: string) => store({ failures: progress.failures + 1, lastFailure }),
    }
  }

  const erase = (erasure: Erasure) => {
    const progress = progressOf(erasure)
    const work = Effect.gen(function* () {
      for (;;) {
        const some = yield* deletions.deleteSome(erasure)
        if (some === undefined) break
        yield* progress.add(some)
        yield* deletion.cancel(some.running)
        yield* Effect.sleep(pause)
      }
      yield* purger.drain
      const now = yield* Clock.currentTimeMillis
      yield* progress.add(yield* erasures.eraseRest(erasure, now))
      yield* purger.drain
      yield* purger.wipe
      yield* Effect.sleep(cachesLast)
      if (yield* erasures.complete(erasure, now))
        yield* Effect.logInfo(`the erasure ${erasure.id} is complete`)
    })
    return Effect.catch(work, (error) =>
      Effect.andThen(
        Effect.logWarning(`a step of the erasure ${erasure.id} failed`, error),
        progress.failed(texts[error._tag]),
      ),
    )
  }

  const pass = Effect.gen(function* () {
    const open = yield* erasures.open
    if (open.length === 0) return
    const now = yield* Clock.currentTimeMillis
    if (!(yield* erasures.claim(now, now + heldMs))) return
    yield* Effect.forEach(open, erase, { discard: true })
    yield* erasures.hold(now)
  })

  yield* Loop.every("erasures", every, pass)
})

export const layer: Layer.Layer<never, never, Deletion | Deletions | Erasures | Purger> =
  Layer.effectDiscard(make)
