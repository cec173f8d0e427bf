/**
 * Retries of the same target within a turn. A target is retried only before anything was shown, and only for errors
 * that allow it (`ErrorPolicy.retry`).
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import { type ExecutionError, errorPolicyOf, retryAfterOf } from "./ExecutionError.ts"
import type { AttemptFailed } from "./TurnEvent.ts"

/** The first attempt and one more. Further ones would only delay the other mode. */
const attemptsPerTarget = 2
/** Beyond this wait it is cheaper to use another target. */
const longestRetryAfterMs = 2000

const mayRetry = ({ attemptOfTarget, disposition, error }: AttemptFailed): boolean =>
  attemptOfTarget < attemptsPerTarget &&
  disposition === "next" &&
  errorPolicyOf(error).retry &&
  (retryAfterOf(error) ?? 0) <= longestRetryAfterMs

/**
 * 100 ms with jitter, or the upstream's Retry-After if it is longer. Each failure starts the schedule, so the failure's own
 * count limits the attempts.
 */
const schedule: Schedule.Schedule<Duration.Duration, AttemptFailed> = Schedule.exponential("100 millis").pipe(
  Schedule.jittered,
  Schedule.setInputType<AttemptFailed>(),
  Schedule.modifyDelay(({ duration, input }) =>
    Effect.succeed(Duration.max(duration, Duration.millis(retryAfterOf(input.error) ?? 0))),
  ),
  Schedule.while(({ input }) => mayRetry(input)),
)

/** Waits before the next attempt at the same target. Gives false, at once, if the target may not be tried again. */
export const mayAgain = (failed: AttemptFailed): Effect.Effect<boolean> =>
  Effect.flatMap(Schedule.toStepWithSleep(schedule), (step) =>
    Pull.catchDone(Effect.as(step(failed), true), () => Effect.succeed(false)),
  )

/** A Retry-After that is too long for this turn. The next turns avoid the target for this time. Milliseconds. */
export const pauseOf = (error: ExecutionError | undefined): number | undefined => {
  const wait = error === undefined ? undefined : retryAfterOf(error)
  return wait !== undefined && wait > longestRetryAfterMs ? wait : undefined
}
