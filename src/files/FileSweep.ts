/**
 * A background job that removes uploads without a message after a day, and the remains of uploads that did not finish.
 * `deletion/Purger` removes the contents of deleted files.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Files } from "../store/Files.ts"
import * as Loop from "../telemetry/Loop.ts"
import { FileContents } from "./FileContents.ts"

const hourMs = 60 * 60 * 1000
/** A user who writes a message may take a while. */
const unusedMs = 24 * hourMs
/** No upload takes this long, so contents without a row belong to none. */
const orphanMs = 2 * hourMs
const idsAStep = 100
const firstAfter = "2 minutes"
const every = Schedule.spaced("10 minutes")

/** Several replicas may run it at the same time without harm. */
export const pass = Effect.gen(function* () {
  const contents = yield* FileContents
  const files = yield* Files
  const now = yield* Clock.currentTimeMillis

  yield* files.deleteUnused(now - unusedMs)
  yield* contents.removeDrafts(now - orphanMs)
  yield* contents.writtenBefore(now - orphanMs).pipe(
    Stream.grouped(idsAStep),
    Stream.runForEach((ids) =>
      Effect.flatMap(files.known(ids), (known) => contents.remove(ids.filter((id) => !known.has(id)))),
    ),
  )
})

export const layer = Layer.effectDiscard(Loop.every("files", every, pass, firstAfter))
