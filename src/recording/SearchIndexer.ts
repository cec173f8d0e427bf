/**
 * The background loop that indexes messages for the search, a short time after their turn. Pauses between its steps
 * give the database's other users time while it indexes an old installation.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Search } from "../store/Search.ts"
import * as Loop from "../telemetry/Loop.ts"

/** A message can be found about this time after its turn. */
const every = Schedule.spaced("1 second")
/** Gives a service that has just started time for its first turns. */
const firstAfter = "1 second"
/** About as long as a step. */
const pause = "20 millis"

export const layer: Layer.Layer<never, never, Search> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { indexNext } = yield* Search
    const all = indexNext.pipe(
      Effect.tap(Effect.sleep(pause)),
      Effect.repeat({ while: (count) => count > 0 }),
    )
    yield* Loop.every("search_index", every, all, firstAfter)
  }),
)
