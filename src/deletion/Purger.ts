/**
 * Removes deleted data for good, in the background: the rows (`Purge`), the contents of uploaded files, the copies of run logs
 * in Redis, and cached answers.
 *
 * An unavailable Redis does not stop it: the log of a run expires there within a minute, and the answers of an organisation
 * are cleared again until Redis has confirmed it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import type { OrgId } from "../domain/Ids.ts"
import { AnswerCache } from "../execution/direct/AnswerCache.ts"
import { type ContentsUnavailable, FileContents } from "../files/FileContents.ts"
import { SharedLogs } from "../sharing/SharedLogs.ts"
import { Purge } from "../store/Purge.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

/** A deletion is purged soon after its grace time. */
const every = Schedule.spaced("1 second")
/** Between two steps: gives the turns of others, and the database's log, time. */
const pause = "20 millis"
/** A restore at the end of the grace time ends before the purge begins, also with another replica's clock. */
const marginMs = 60_000
/** Longer than a step. After the death of its holder another replica takes the job over. */
const heldMs = 10_000

export interface Settings {
  /** The time between a deletion and its purge, in milliseconds. */
  readonly graceMs: number
  /** The organisations with cached answers. */
  readonly cacheOrgs: ReadonlySet<string>
}

export class Purger extends Context.Service<
  Purger,
  {
    /** Removes everything that is due, or leaves it to another replica that is doing so. */
    readonly drain: Effect.Effect<void, ContentsUnavailable | StoreError>
    /** Removes deleted bytes from the database's own files, as far as the database can. */
    readonly wipe: Effect.Effect<void, StoreError>
  }
>()("crossfade/deletion/Purger") {
  static readonly layer = (settings: Settings) => Layer.effect(Purger, make(settings))
}

const make = Effect.fnUntraced(function* ({ cacheOrgs, graceMs }: Settings) {
  const answers = yield* AnswerCache
  const purge = yield* Purge
  const contents = yield* FileContents
  const shared = yield* SharedLogs
  const alone = yield* Semaphore.make(1)
  /** The organisations whose cached answers are still to be cleared. */
  const uncleared = new Set<OrgId>()
  /** The process before this one may have ended between a removal and its wipe. */
  let wiped = false

  const clearAnswers = Effect.suspend(() =>
    Effect.forEach(
      [...uncleared],
      (orgId) =>
        Effect.map(answers.clear(orgId), (cleared) => {
          if (cleared) uncleared.delete(orgId)
        }),
      { discard: true },
    ),
  )

  const next = Effect.andThen(
    Effect.sleep(pause),
    Effect.flatMap(Clock.currentTimeMillis, (now) => purge.hold(now + heldMs)),
  )

  const rows: (deletedBy: number) => Effect.Effect<void, StoreError> = Effect.fnUntraced(
    function* (deletedBy) {
      for (;;) {
        const step = yield* purge.step(deletedBy)
        if (step === undefined) return
        for (const orgId of step.orgs) if (cacheOrgs.has(orgId)) uncleared.add(orgId)
        yield* shared.forget(step.runs)
        yield* next
      }
    },
  )

  const files = Effect.fnUntraced(function* (deletedBy: number) {
    for (;;) {
      const ids = yield* purge.files(deletedBy)
      if (ids.length === 0) return
      yield* contents.remove(ids)
      yield* purge.removeFiles(ids)
      yield* next
    }
  })

  const wipe = Effect.gen(function* () {
    wiped = false
    while (yield* purge.wipe) yield* Effect.sleep(pause)
    wiped = true
  })

  const pass = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const deletedBy = graceMs === 0 ? now : now - graceMs - marginMs
    yield* clearAnswers
    const due = yield* purge.isDue(deletedBy)
    if (!(due || !wiped) || !(yield* purge.claim(now, now + heldMs))) return
    yield* rows(deletedBy)
    yield* clearAnswers
    yield* files(deletedBy)
    yield* wipe
    yield* purge.hold(now)
  })
  const drain = alone.withPermit(pass)

  yield* Loop.every("purge", every, drain)
  return Purger.of({ drain, wipe: alone.withPermit(wipe) })
})
