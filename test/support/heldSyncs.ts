/** Holds the asynchronous syncs of files of this process, so that a test decides when and with what result each ends. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"

interface HeldSync {
  /** Lets the sync run. */
  readonly release: () => void
  readonly fail: (code: string) => void
}

/** Takes the next sync that begins. Those that began before `make` run as always. */
export const make = Effect.gen(function* () {
  const held = yield* Queue.unbounded<HeldSync>()
  const original = fs.fdatasync
  const set = (sync: typeof fs.fdatasync) => {
    fs.fdatasync = sync
    syncBuiltinESMExports()
  }
  const holding = (file: number, ended: (error: NodeJS.ErrnoException | null) => void): void => {
    Queue.offerUnsafe(held, {
      release: () => original(file, ended),
      fail: (code) => ended(Object.assign(new Error(`${code}: a test failed this sync`), { code })),
    })
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => set(Object.assign(holding, { __promisify__: original.__promisify__ }))),
    () => Effect.sync(() => set(original)),
  )
  /** The syncs that began and were not taken. */
  const left = Queue.size(held)
  /** From now on, syncs run. */
  const end = Effect.sync(() => set(original))
  return { next: Queue.take(held), left, end }
})
