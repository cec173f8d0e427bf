/** An executor that asks its upstream at once and holds the first result, an event or a failure, until `ready` succeeds. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Executor } from "./Executor.ts"

export const heldUntil = (
  ready: Effect.Effect<void> | undefined,
  executor: Executor["Service"],
): Executor["Service"] =>
  ready === undefined
    ? executor
    : {
        ...executor,
        execute: (turn) =>
          Stream.transformPull(executor.execute(turn), (pull) =>
            Effect.sync(() => {
              let isReady = false
              const first = Effect.flatMap(Effect.exit(pull), (result) =>
                Effect.andThen(ready, () => {
                  isReady = true
                  return result
                }),
              )
              return Effect.suspend(() => (isReady ? pull : first))
            }),
          ),
      }
