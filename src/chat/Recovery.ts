/** Before the first request: runs that the last process left behind are ended, so that their readers are told. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Runs } from "../recording/Runs.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const runs = yield* Runs
    const count = yield* runs.interruptRunning(yield* Clock.currentTimeMillis)
    if (count > 0) yield* Effect.logWarning(`${count} runs of the last process were marked as interrupted`)
  }),
)
