/**
 * One attempt: one executor, watched by the three clocks, ending in exactly one outcome.
 *
 * It passes the executor's messages on, keeps the commit gate, holds the executor to its contract (an end without
 * `Finished` is a truncation, a finish without content is empty), and reports how it ended, also when interrupted.
 * Per event it only does plain work; the clock is read once a chunk.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { isContent } from "../agent2ui/Message.ts"
import type { Attempt } from "../domain/Run.ts"
import type { Outcome, Usage } from "../domain/Outcome.ts"
import * as CommitGate from "./CommitGate.ts"
import * as Deadlines from "./Deadlines.ts"
import { type ExecutionError, meaningOf, UpstreamEmpty, UpstreamTruncated } from "./ExecutionError.ts"
import type { ExecutionEvent, Executor, Turn } from "./Executor.ts"

/** What is known of a running attempt; it alone writes it. Wall-clock times in epoch milliseconds. */
interface Watch {
  gate: CommitGate.Gate
  readonly monotonicStart: number
  monotonicLast: number | undefined
  firstProgressAt: number | null
  firstContentAt: number | null
  error: ExecutionError | undefined
  finished: boolean
  usage: Usage | undefined
}

/** The attempt's failure, with what its gate allows to be decided afterwards. */
export interface Failure {
  readonly error: ExecutionError
  readonly gate: CommitGate.Gate
}

export interface AttemptOptions {
  readonly number: number
  readonly limits: Deadlines.Limits
  /** Told once, at the end, whatever the end is. */
  readonly onEnd: (attempt: Attempt) => Effect.Effect<void>
}

const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

const observe = (watch: Watch, clock: Clock.Clock, events: ReadonlyArray<ExecutionEvent>): void => {
  const wall = clock.currentTimeMillisUnsafe()
  watch.monotonicLast = monotonicMillis(clock)
  watch.firstProgressAt ??= wall
  for (const event of events) {
    if (event._tag === "Finished") {
      watch.finished = true
      watch.usage = event.usage
    } else {
      if (watch.firstContentAt === null && isContent(event.draft.type)) watch.firstContentAt = wall
      watch.gate = CommitGate.pass(watch.gate, event.draft)
    }
  }
}

const watchdog = (watch: Watch, clock: Clock.Clock, target: string, limits: Deadlines.Limits) => {
  const check: Effect.Effect<never, ExecutionError> = Effect.suspend(() => {
    const deadline = Deadlines.nearest(target, limits, {
      startedAt: watch.monotonicStart,
      lastAt: watch.monotonicLast,
      bound: CommitGate.isBound(watch.gate),
    })
    const wait = deadline.at - monotonicMillis(clock)
    return wait <= 0 ? Effect.fail(deadline.error) : Effect.andThen(Effect.sleep(wait), check)
  })
  return check
}

/** An executor that stops early, or finishes with nothing in its hands, has failed. */
const heldToContract = (watch: Watch, target: string): Stream.Stream<never, ExecutionError> =>
  Stream.suspend((): Stream.Stream<never, ExecutionError> => {
    if (!watch.finished) return Stream.fail(new UpstreamTruncated({ upstream: target }))
    const answered = watch.gate.text || watch.gate.other
    return answered ? Stream.empty : Stream.fail(new UpstreamEmpty({ upstream: target }))
  })

const outcomeOf = (
  watch: Watch,
  exit: Exit.Exit<unknown, Failure>,
): { outcome: Outcome; code: string | null } => {
  if (Exit.isSuccess(exit)) return { outcome: "success", code: null }
  if (watch.error !== undefined) {
    const { code, outcome } = meaningOf(watch.error)
    return { outcome, code }
  }
  // A cause without an expected error is either an interruption from our side or a bug of ours: both say nothing
  // about the upstream.
  return { outcome: "neutral", code: Exit.hasInterrupts(exit) ? "EXECUTION_CANCELLED" : "INTERNAL_ERROR" }
}

export const run = (
  executor: Executor["Service"],
  turn: Turn,
  options: AttemptOptions,
): Stream.Stream<ExecutionEvent, Failure> =>
  Stream.unwrap(
    Clock.clockWith((clock) =>
      Effect.sync(() => {
        const startedAt = clock.currentTimeMillisUnsafe()
        const monotonicStart = monotonicMillis(clock)
        const watch: Watch = {
          gate: CommitGate.closed,
          monotonicStart,
          monotonicLast: undefined,
          firstProgressAt: null,
          firstContentAt: null,
          error: undefined,
          finished: false,
          usage: undefined,
        }
        const end = (exit: Exit.Exit<unknown, Failure>) =>
          Effect.suspend(() =>
            options.onEnd({
              number: options.number,
              mode: executor.mode,
              target: executor.target,
              shadow: turn.shadow,
              startedAt,
              firstProgressAt: watch.firstProgressAt,
              firstContentAt: watch.firstContentAt,
              endedAt: clock.currentTimeMillisUnsafe(),
              usage: watch.usage ?? null,
              ...outcomeOf(watch, exit),
            }),
          )
        return executor.execute(turn).pipe(
          Stream.takeUntil((event) => event._tag === "Finished"),
          Stream.mapArray((events) => {
            observe(watch, clock, events)
            return events
          }),
          Stream.concat(heldToContract(watch, executor.target)),
          Stream.interruptWhen(watchdog(watch, clock, executor.target, options.limits)),
          Stream.mapError((error): Failure => {
            watch.error = error
            return { error, gate: watch.gate }
          }),
          Stream.onExit(end),
        )
      }),
    ),
  )
