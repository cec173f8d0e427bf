/**
 * Records the last use of each API key. Requests record it in memory; at most once a minute for each key a
 * transaction writes many of them. A process that dies loses a minute.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { ApiKeyId } from "../domain/Ids.ts"
import { ApiKeys, type KeyUse } from "./ApiKeys.ts"
import * as Loop from "../telemetry/Loop.ts"

const writeEvery = "5 seconds"
const betweenWritesMs = 60_000
/** Rows that one transaction locks. */
const mostAtOnce = 200

interface Noted {
  usedAt: number
  writtenAt: number
  writtenUse: number
}

/** The recorded uses of one process. Pure; times are epoch milliseconds. */
export class Notes {
  readonly #notes = new Map<ApiKeyId, Noted>()

  get size(): number {
    return this.#notes.size
  }

  note(id: ApiKeyId, at: number): void {
    const recorded = this.#notes.get(id)
    if (recorded === undefined)
      this.#notes.set(id, { usedAt: at, writtenAt: Number.NEGATIVE_INFINITY, writtenUse: -1 })
    else recorded.usedAt = at
  }

  /** Returns the uses to write now, and drops keys that were idle for a while. */
  due(now: number, betweenMs: number): ReadonlyArray<KeyUse> {
    const uses: Array<KeyUse> = []
    for (const [id, { usedAt, writtenAt, writtenUse }] of this.#notes) {
      if (now - writtenAt < betweenMs) continue
      if (usedAt > writtenUse) uses.push({ id, at: usedAt })
      else this.#notes.delete(id)
    }
    return uses.slice(0, mostAtOnce)
  }

  written(uses: ReadonlyArray<KeyUse>, now: number): void {
    for (const { at, id } of uses) {
      const recorded = this.#notes.get(id)
      if (recorded !== undefined) Object.assign(recorded, { writtenAt: now, writtenUse: at })
    }
  }
}

export class KeyUses extends Context.Service<
  KeyUses,
  { readonly note: (id: ApiKeyId, at: number) => void }
>()("crossfade/store/KeyUses") {
  static readonly layer: Layer.Layer<KeyUses, never, ApiKeys> = Layer.effect(
    KeyUses,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const store = yield* ApiKeys
  const notes = new Notes()

  const write = (betweenMs: number): Effect.Effect<void> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const uses = notes.due(now, betweenMs)
      if (uses.length === 0) return
      yield* store.recordUses(uses)
      notes.written(uses, now)
      if (uses.length === mostAtOnce) yield* write(betweenMs)
    }).pipe(
      // The log already has the outage of the store. The next round writes these.
      Effect.catchTag("StoreError", () => Effect.void),
    )

  yield* Effect.addFinalizer(() => write(0))
  yield* Loop.every("key_uses", Schedule.spaced(writeEvery), write(betweenWritesMs))
  return KeyUses.of({ note: (id, at) => notes.note(id, at) })
})
