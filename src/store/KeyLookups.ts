/**
 * Finds API keys in the store for callers that are not authenticated yet. Regardless of the load, the store gets one
 * statement at a time, at most 100 a second and 10 000 hashes a second. A key in between waits a few milliseconds.
 *
 * Invariant: an answer was true at most a second ago.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type { ApiKey } from "../domain/ApiKey.ts"
import { ApiKeys } from "./ApiKeys.ts"
import { StoreError } from "./StoreError.ts"
import { StoreHealth } from "./StoreHealth.ts"
import * as Loop from "../telemetry/Loop.ts"

const mostAtOnce = 100
const pause = "10 millis"
/** Ten statements' worth. Beyond it, a caller must retry later. */
const mostWaiting = 1000
const answerTimeout = "1 second"

interface Asked {
  readonly hash: string
  readonly answer: Deferred.Deferred<ApiKey | undefined, StoreError>
}

type LookUp = (hash: string) => Effect.Effect<ApiKey | undefined, StoreError>

const failed = (cause: string) => new StoreError({ operation: "KeyLookups.find", cause })

export const make = Effect.gen(function* () {
  const store = yield* ApiKeys
  const { whileUp } = yield* StoreHealth
  const waiting = yield* Queue.dropping<Asked>(mostWaiting)

  const answer = Effect.fnUntraced(function* (asked: ReadonlyArray<Asked>) {
    const found = yield* whileUp(store.find([...new Set(asked.map(({ hash }) => hash))])).pipe(
      Effect.timeoutOrElse({
        duration: answerTimeout,
        orElse: () => Effect.fail(failed("no answer in time")),
      }),
      Effect.exit,
    )
    for (const one of asked)
      Deferred.doneUnsafe(
        one.answer,
        Effect.map(found, (keys) => keys.get(one.hash)),
      )
  })

  const answerNext = Effect.flatMap(Queue.takeBetween(waiting, 1, mostAtOnce), answer)
  yield* Loop.every("key_lookups", Schedule.spaced(pause), answerNext)

  const lookUp: LookUp = (hash) =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<ApiKey | undefined, StoreError>()
      return Queue.offerUnsafe(waiting, { hash, answer })
        ? Deferred.await(answer)
        : Effect.fail(failed("too many keys wait to be looked up"))
    })
  return lookUp
})
