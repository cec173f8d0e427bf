/**
 * Every background loop of the service. A failure or a defect never ends a loop: it is counted, logged once until the loop
 * recovers or fails for another reason, and the next run follows. Only the end of the scope ends a loop.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { catalogue } from "./Metrics.ts"
import type { LoopName } from "./MetricsLoops.ts"

/** A loop without a pause of its own must not spin while it fails. */
const failurePause = Duration.seconds(1)

/**
 * Runs `effect` at once, or after `delay`, and then on `schedule`, in a fiber of the scope. After a failure the pause is at
 * least a second.
 */
export const every = <A, E, R, X, R2>(
  name: LoopName,
  schedule: Schedule.Schedule<X, A | void, never, R2>,
  effect: Effect.Effect<A, E, R>,
  delay?: Duration.Input,
): Effect.Effect<void, never, R | R2 | Scope.Scope> =>
  Effect.suspend(() => {
    let reason: string | undefined

    const recovered = Effect.suspend(() => {
      if (reason === undefined) return Effect.void
      reason = undefined
      return Effect.logInfo(`background loop ${name} recovered`)
    })
    const failed = (cause: Cause.Cause<E>) =>
      Effect.gen(function* () {
        yield* catalogue.loopFailures.record({ loop: name }, 1)
        const before = reason
        reason = String(Cause.squash(cause))
        if (reason !== before)
          yield* Cause.hasFails(cause)
            ? Effect.logWarning(`background loop ${name} failed`, cause)
            : Effect.logError(`background loop ${name} failed`, cause)
      })
    const run = Effect.matchCauseEffect(effect, {
      onFailure: failed,
      onSuccess: (value) => Effect.as(recovered, value),
    })
    const paced = Schedule.modifyDelay(schedule, ({ duration }) =>
      Effect.succeed(reason === undefined ? duration : Duration.max(duration, failurePause)),
    )
    const loop = Effect.repeat(run, paced)
    return Effect.asVoid(Effect.forkScoped(delay === undefined ? loop : Effect.delay(loop, delay)))
  })
