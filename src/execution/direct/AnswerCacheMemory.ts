/** `AnswerCache` in this process, bounded in bytes. The least recently used entry is evicted first. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { monotonicMillis } from "../../platform/Monotonic.ts"
import { AnswerCache, partOf } from "./AnswerCache.ts"

/** About 30 000 answers of 500 characters: a fraction of the process's memory. */
export const maxBytes = 32 * 1024 * 1024
/** V8 uses up to two bytes per character of a string. The key and the map's entry take the rest. */
const bytesOf = (answer: string): number => 2 * answer.length + 300

interface Entry {
  readonly answer: string
  readonly until: number
}

export const layerMemory = (timeToLive: Duration.Input): Layer.Layer<AnswerCache> =>
  Layer.effect(
    AnswerCache,
    Effect.gen(function* () {
      const clock = yield* Clock.clockWith(Effect.succeed)
      const lifeMs = Duration.toMillis(Duration.fromInputUnsafe(timeToLive))
      const entries = new Map<string, Entry>()
      let bytes = 0

      const drop = (key: string): Entry | undefined => {
        const found = entries.get(key)
        if (found !== undefined) {
          entries.delete(key)
          bytes -= bytesOf(found.answer)
        }
        return found
      }
      const add = (key: string, entry: Entry): void => {
        entries.set(key, entry)
        bytes += bytesOf(entry.answer)
        for (const oldest of entries.keys()) {
          if (bytes <= maxBytes) return
          drop(oldest)
        }
      }

      return AnswerCache.of({
        get: (key) =>
          Effect.sync(() => {
            const found = drop(key)
            if (found === undefined || found.until <= monotonicMillis(clock)) return undefined
            add(key, found)
            return found.answer
          }),
        put: (key, answer) =>
          Effect.sync(() => {
            drop(key)
            add(key, { answer, until: monotonicMillis(clock) + lifeMs })
          }),
        clear: (orgId) =>
          Effect.sync(() => {
            for (const key of entries.keys()) if (key.startsWith(partOf(orgId))) drop(key)
            return true
          }),
      })
    }),
  )
