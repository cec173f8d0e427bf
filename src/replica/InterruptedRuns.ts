/**
 * Ends runs whose process is gone: each gets its end and a message with the parts that its readers have seen, built from
 * its stored events. One run at a time, because a run may have 16 MiB.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { MessageId, type RunId } from "../domain/Ids.ts"
import * as PartsLimit from "../runs/PartsLimit.ts"
import { Transcript } from "../runs/Transcript.ts"
import { Replicas } from "../store/Replicas.ts"
import * as RunPages from "../store/RunPages.ts"
import { Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"

export const make = Effect.gen(function* () {
  const ids = yield* SecureRandom.SecureRandom
  const replicas = yield* Replicas
  const runs = yield* Runs

  const transcriptOf = Effect.fnUntraced(function* (id: RunId) {
    const transcript = new Transcript()
    const pages = (after: number) => runs.events(id, after)
    yield* RunPages.each(pages, 0, Number.POSITIVE_INFINITY, ({ event, seq }) => {
      if (event.event === "message") transcript.add(event.data, Date.parse(event.data.timestamp), seq)
    })
    return transcript
  })

  const interruptOne = Effect.fnUntraced(function* (id: RunId) {
    const transcript = yield* transcriptOf(id)
    const seen = {
      id: MessageId.make(yield* ids.uuidV7()),
      content: transcript.text,
      parts: PartsLimit.limited(id, transcript.parts(id)),
    }
    return yield* replicas.interrupt(id, seen, yield* Clock.currentTimeMillis)
  })

  /** Gives the number of runs that were still running. */
  const interrupt = (ids: ReadonlyArray<RunId>): Effect.Effect<number, StoreError> =>
    Effect.map(Effect.forEach(ids, interruptOne), (ended) => ended.filter((isEnded) => isEnded).length)

  return { interrupt }
})
