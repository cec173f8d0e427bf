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
import { monotonicMillis } from "../domain/Monotonic.ts"
import type { Attempt } from "../domain/Run.ts"
import type { Outcome, Usage } from "../domain/Outcome.ts"
import * as AttemptSpan from "./AttemptSpan.ts"
import * as CommitGate from "./CommitGate.ts"
import * as Deadlines from "./Deadlines.ts"
import { type ExecutionError, meaningOf, UpstreamEmpty, UpstreamTruncated } from "./ExecutionError.ts"
import type { ExecutionEvent, Executor, Turn } from "./Executor.ts"

/** What is known of a running attempt; it alone writes it. Wall-clock times in epoch milliseconds. */
interface Watch {
  gate: CommitGate.Gate
  readonly startedAt: number
  readonly monotonicStart: number
  /** Since when the upstream is waited for; undefined while the reader has what came: its time is not the upstream's. */
  waitingSince: number | undefined
  firstProgressAt: number | null
  firstContentAt: number | null
  error: ExecutionError | undefined
  finished: boolean
  usage: Usage | undefined
  tokens: AttemptSpan.Tokens
}

/** The attempt's failure, with what its gate allows to be decided afterwards. */
export interface Failure {
  readonly error: ExecutionError
  readonly gate: CommitGate.Gate
}

export interface AttemptOptions {
  readonly number: number
  readonly limits: Deadlines.Limits
  /** How long it may show nothing at all, asked again and again. Undefined: as long as the other clocks allow. */
  readonly firstProgressLimitMs?: (() => number) | undefined
  /** Told at once; may not wait. */
  readonly onFirstProgress?: (() => void) | undefined
  /** Told once, at the end, whatever the end is. */
  readonly onEnd: (attempt: Attempt) => Effect.Effect<void>
}

/** Epoch milliseconds of now: the wall clock at the start, and the time that has passed since. */
const dateOf = (watch: Watch, monotonic: number): number => watch.startedAt + monotonic - watch.monotonicStart

const observe = (
  watch: Watch,
  clock: Clock.Clock,
  events: ReadonlyArray<ExecutionEvent>,
  { onFirstProgress }: AttemptOptions,
): void => {
  const wall = dateOf(watch, monotonicMillis(clock))
  watch.waitingSince = undefined
  if (watch.firstProgressAt === null) {
    watch.firstProgressAt = wall
    onFirstProgress?.()
  }
  for (const event of events) {
    if (event._tag === "Finished") {
      watch.finished = true
      watch.usage = event.usage
      watch.tokens = event.tokens
    } else {
      if (watch.firstContentAt === null && isContent(event.draft.type)) watch.firstContentAt = wall
      watch.gate = CommitGate.pass(watch.gate, event.draft)
    }
  }
}

/** The same chunks, with the waiting for each of them in view. */
const watched = <E>(
  events: Stream.Stream<ExecutionEvent, E>,
  watch: Watch,
  clock: Clock.Clock,
  options: AttemptOptions,
): Stream.Stream<ExecutionEvent, E> =>
  Stream.transformPull(events, (pull) =>
    Effect.succeed(
      Effect.suspend(() => {
        watch.waitingSince = monotonicMillis(clock)
        return Effect.map(pull, (chunk) => {
          observe(watch, clock, chunk, options)
          return chunk
        })
      }),
    ),
  )

/** How often an attempt that has shown nothing asks how long it may go on so: a breaker that opens shortens it. */
const limitPollMs = 250

const watchdog = (watch: Watch, clock: Clock.Clock, target: string, options: AttemptOptions) => {
  const check: Effect.Effect<never, ExecutionError> = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    const firstProgressMs = watch.firstProgressAt === null ? options.firstProgressLimitMs?.() : undefined
    const limits = { ...options.limits, firstProgressMs }
    const deadline = Deadlines.nearest(target, limits, {
      startedAt: watch.monotonicStart,
      lastAt: watch.firstProgressAt === null ? undefined : (watch.waitingSince ?? now),
      bound: CommitGate.isBound(watch.gate),
    })
    if (deadline.at <= now) return Effect.fail(deadline.error())
    // The first event starts the stall clock, which may then strike before the deadline that was nearest until now.
    const longest = firstProgressMs === undefined ? limits.stallMs : Math.min(limits.stallMs, limitPollMs)
    return Effect.andThen(Effect.sleep(Math.min(deadline.at - now, longest)), check)
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

const newWatch = (clock: Clock.Clock): Watch => ({
  gate: CommitGate.closed,
  startedAt: clock.currentTimeMillisUnsafe(),
  monotonicStart: monotonicMillis(clock),
  waitingSince: undefined,
  firstProgressAt: null,
  firstContentAt: null,
  error: undefined,
  finished: false,
  usage: undefined,
  tokens: undefined,
})

const attemptOf = (
  { mode, target }: Executor["Service"],
  { shadow }: Turn,
  number: number,
  watch: Watch,
  clock: Clock.Clock,
  exit: Exit.Exit<unknown, Failure>,
): Attempt => ({
  number,
  mode,
  target,
  shadow,
  startedAt: watch.startedAt,
  firstProgressAt: watch.firstProgressAt,
  firstContentAt: watch.firstContentAt,
  endedAt: dateOf(watch, monotonicMillis(clock)),
  usage: watch.usage ?? null,
  ...outcomeOf(watch, exit),
})

export const run = (
  executor: Executor["Service"],
  turn: Turn,
  options: AttemptOptions,
): Stream.Stream<ExecutionEvent, Failure> =>
  Stream.unwrap(
    Clock.clockWith((clock) =>
      Effect.map(AttemptSpan.open(executor, turn, options.number), (span) => {
        const watch = newWatch(clock)
        const end = (exit: Exit.Exit<unknown, Failure>) =>
          Effect.suspend(() => {
            const attempt = attemptOf(executor, turn, options.number, watch, clock, exit)
            return Effect.andThen(options.onEnd(attempt), AttemptSpan.close(span, attempt, watch.tokens))
          })
        const told = { ...turn, trace: span }
        const events = Stream.takeUntil(executor.execute(told), (event) => event._tag === "Finished")
        return watched(events, watch, clock, options).pipe(
          Stream.concat(heldToContract(watch, executor.target)),
          Stream.interruptWhen(watchdog(watch, clock, executor.target, options)),
          Stream.mapError((error): Failure => {
            watch.error = error
            return { error, gate: watch.gate }
          }),
          Stream.onExit(end),
        )
      }),
    ),
  )
