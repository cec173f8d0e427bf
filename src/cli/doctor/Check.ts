/**
 * Runs checks side by side. Each has a time limit, and a check that hangs or breaks is a finding too, so the reader
 * always gets the results of all others.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { reasonOf } from "../../domain/Reason.ts"
import { failed, type Finding } from "./Finding.ts"

export interface Check<R = never> {
  readonly name: string
  readonly run: Effect.Effect<ReadonlyArray<Finding>, never, R>
}

export interface Timed {
  readonly finding: Finding
  readonly ms: number
}

/** A probe waits 8 s for its first content. */
const limit = "10 seconds"

const broken = (name: string, cause: Cause.Cause<never>): ReadonlyArray<Finding> => [
  failed(name, `the check itself failed: ${reasonOf(Cause.squash(cause))}`, "Report this as a bug."),
]

const late = (name: string): ReadonlyArray<Finding> => [
  failed(name, `no result in ${limit}`, "Check the network between this machine and the server."),
]

/** A driver's call may not be interruptible, so the check does not wait for its end. */
const bounded = <R>({ name, run }: Check<R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkDetach(run)
    const found = yield* Effect.timeoutOption(Fiber.await(fiber), limit)
    if (found._tag === "None") {
      yield* Effect.forkDetach(Fiber.interrupt(fiber))
      return late(name)
    }
    return Exit.isSuccess(found.value) ? found.value.value : broken(name, found.value.cause)
  })

export const runAll = <R>(checks: ReadonlyArray<Check<R>>): Effect.Effect<ReadonlyArray<Timed>, never, R> =>
  Effect.map(
    Effect.forEach(
      checks,
      (check) =>
        Effect.map(Effect.timed(bounded(check)), ([duration, findings]) =>
          findings.map((finding) => ({ finding, ms: Math.round(Duration.toMillis(duration)) })),
        ),
      { concurrency: "unbounded" },
    ),
    (all) => all.flat(),
  )
