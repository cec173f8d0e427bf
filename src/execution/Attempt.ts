/**
 * One attempt: runs one executor under its clocks and ends in exactly one outcome.
 *
 * It passes the executor's messages on, updates the commit gate, checks the executor's contract (an end without
 * `Finished` is a truncation, a finish without content is empty), and reports the end, also after an interrupt. It
 * does only plain work per event and reads the clock once per chunk.
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { isContent } from "../protocol/agent2ui/MessageRole.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Attempt } from "../domain/Run.ts"
import type { Outcome, Usage } from "../domain/Outcome.ts"
import * as AttemptSpan from "./AttemptSpan.ts"
import * as CommitGate from "./CommitGate.ts"
import * as Deadlines from "./Deadlines.ts"
import { type ExecutionError, errorPolicyOf, UpstreamEmpty, UpstreamTruncated } from "./ExecutionError.ts"
import type { ExecutionEvent, Executor, Turn } from "./Executor.ts"
import { failureText } from "./FailureText.ts"
import * as OpenCalls from "./OpenCalls.ts"

/** The state of a running attempt. Only the attempt writes it. Wall-clock times are epoch milliseconds. */
interface Watch {
  gate: CommitGate.Gate
  calls: OpenCalls.OpenCalls
  readonly startedAt: number
  readonly monotonicStart: number
  /**
   * Start of the wait for the upstream. Undefined while the reader handles a chunk, because that time is not the
   * upstream's.
   */
  waitingSince: number | undefined
  firstProgressAt: number | null
  firstContentAt: number | null
  error: ExecutionError | undefined
  /** The fiber that waits for the upstream. */
  pulling: Fiber.Fiber<unknown, unknown> | undefined
  finished: boolean
  usage: Usage | undefined
  model: string | undefined
}

/** The attempt's failure, with the gate that limits the next step. */
export interface Failure {
  readonly error: ExecutionError
  readonly gate: CommitGate.Gate
}

export interface AttemptOptions {
  readonly number: number
  readonly limits: Deadlines.Limits
  /**
   * The limit for the time without any event, read repeatedly because it may change. Undefined: only the other clocks
   * apply.
   */
  readonly firstProgressLimitMs?: (() => number) | undefined
  /** Runs at once; it may not wait. */
  readonly onFirstProgress?: (() => void) | undefined
  /** Runs once, when the attempt begins. */
  readonly onStart?: (() => void) | undefined
  /** Runs once, at any end after `onStart`. `error` is the attempt's failure. */
  readonly onEnd: (attempt: Attempt, error: ExecutionError | undefined) => Effect.Effect<void>
}

/** Epoch milliseconds of now: the wall clock at the start plus the monotonic time since then. */
const dateOf = (watch: Watch, monotonic: number): number => watch.startedAt + monotonic - watch.monotonicStart

const observe = (
  watch: Watch,
  clock: Clock.Clock,
  events: ReadonlyArray<ExecutionEvent>,
  { onFirstProgress }: AttemptOptions,
): void => {
  const wall = dateOf(watch, monotonicMillis(clock))
  watch.waitingSince = undefined
  watch.pulling = undefined
  if (watch.firstProgressAt === null) {
    watch.firstProgressAt = wall
    onFirstProgress?.()
  }
  for (const event of events) {
    if (event._tag === "Finished") {
      watch.finished = true
      watch.usage = event.usage
      watch.model = event.model
    } else {
      if (watch.firstContentAt === null && isContent(event.draft.type)) watch.firstContentAt = wall
      watch.gate = CommitGate.pass(watch.gate, event.draft)
      watch.calls = OpenCalls.after(watch.calls, event.draft)
    }
  }
}

/** An attempt without an event reads its limit this often, because an opening breaker shortens it. */
const limitPollMs = 250

/** Sleeps until a deadline passes, then ends the attempt. */
const watchdog = (watch: Watch, clock: Clock.Clock, target: string, options: AttemptOptions) => {
  const check: Effect.Effect<void> = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    const firstProgressMs = watch.firstProgressAt === null ? options.firstProgressLimitMs?.() : undefined
    const limits = { ...options.limits, firstProgressMs }
    const deadline = Deadlines.nearest(target, limits, {
      startedAt: watch.monotonicStart,
      lastAt: watch.firstProgressAt === null ? undefined : (watch.waitingSince ?? now),
      calling: watch.calls.length > 0,
    })
    if (deadline.at <= now) {
      watch.error = deadline.error()
      watch.pulling?.interruptUnsafe()
      return Effect.void
    }
    // An event starts another clock, and that clock may pass before the deadline that was nearest.
    const silence = Deadlines.shortestSilence(limits)
    const longest = firstProgressMs === undefined ? silence : Math.min(silence, limitPollMs)
    return Effect.andThen(Effect.sleep(Math.min(deadline.at - now, longest)), check)
  })
  return check
}

/** Pulls on its own fiber, so that a deadline can interrupt it. Data that is ready costs no wait. */
const interruptible = <A, E>(pull: Effect.Effect<A, E>, watch: Watch): Effect.Effect<A, E> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const fiber = Effect.runForkWith(context)(pull)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    watch.pulling = fiber
    return Effect.callback<A, E>((resume) => {
      fiber.addObserver(resume)
      return Fiber.interrupt(fiber)
    })
  })

/** An executor breaks its contract if it ends without `Finished` or finishes without an answer. */
const contractViolation = (watch: Watch, upstream: string): ExecutionError | undefined => {
  if (!watch.finished) return new UpstreamTruncated({ upstream })
  const answered = watch.gate.text || watch.gate.other
  return answered ? undefined : new UpstreamEmpty({ upstream })
}

/** A call that times out is the oldest open one, not always the last one that started. */
const gateAt = ({ calls: [oldest], gate }: Watch, error: ExecutionError): CommitGate.Gate =>
  error._tag === "CallTimeout" && oldest !== undefined
    ? { ...gate, callId: oldest.callId, stepId: oldest.stepId ?? gate.stepId }
    : gate

/** At least one event. */
export type Chunk = Arr.NonEmptyReadonlyArray<ExecutionEvent>

const untilFinished = (chunk: Chunk): Chunk => {
  const last = chunk.findIndex((event) => event._tag === "Finished")
  return last === -1 || last === chunk.length - 1 ? chunk : (chunk.slice(0, last + 1) as [ExecutionEvent])
}

/** The executor's chunks up to `Finished`, under the clocks. */
const watched = (
  pull: Pull.Pull<Chunk, ExecutionError>,
  watch: Watch,
  clock: Clock.Clock,
  target: string,
  options: AttemptOptions,
): Pull.Pull<Chunk, Failure> => {
  const fail = (error: ExecutionError) => {
    watch.error = error
    return Effect.fail<Failure>({ error, gate: gateAt(watch, error) })
  }
  const end = (): Pull.Pull<never, Failure> => {
    const broken = contractViolation(watch, target)
    return broken === undefined ? Cause.done() : fail(broken)
  }
  return Effect.suspend(() => {
    if (watch.finished) return end()
    if (watch.error !== undefined) return fail(watch.error)
    watch.waitingSince = monotonicMillis(clock)
    return Effect.matchCauseEffect(interruptible(pull, watch), {
      onSuccess: (all): Pull.Pull<Chunk, Failure> => {
        const chunk = untilFinished(all)
        observe(watch, clock, chunk, options)
        return Effect.succeed(chunk)
      },
      onFailure: (cause): Pull.Pull<never, Failure> => {
        if (watch.error !== undefined) return fail(watch.error)
        if (Pull.isDoneCause(cause)) return end()
        const failed = Cause.findErrorOption(cause as Cause.Cause<ExecutionError>)
        return failed._tag === "Some" ? fail(failed.value) : Effect.failCause(cause as Cause.Cause<never>)
      },
    })
  })
}

const outcomeOf = (
  watch: Watch,
  exit: Exit.Exit<unknown, unknown>,
): { outcome: Outcome; code: string | null } => {
  if (Exit.isSuccess(exit)) return { outcome: "success", code: null }
  if (watch.error !== undefined) {
    const { code, outcome } = errorPolicyOf(watch.error)
    return { outcome, code }
  }
  // A cause without an expected error is a cancel by the gateway or a bug in it. Neither says anything about the
  // upstream.
  return { outcome: "neutral", code: Exit.hasInterrupts(exit) ? "EXECUTION_CANCELLED" : "INTERNAL_ERROR" }
}

const newWatch = (clock: Clock.Clock): Watch => ({
  gate: CommitGate.untouched,
  calls: OpenCalls.none,
  startedAt: clock.currentTimeMillisUnsafe(),
  monotonicStart: monotonicMillis(clock),
  waitingSince: undefined,
  firstProgressAt: null,
  firstContentAt: null,
  error: undefined,
  pulling: undefined,
  finished: false,
  usage: undefined,
  model: undefined,
})

const attemptOf = (
  { mode, target }: Executor["Service"],
  { shadow }: Turn,
  number: number,
  watch: Watch,
  clock: Clock.Clock,
  exit: Exit.Exit<unknown, unknown>,
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
  model: watch.model ?? null,
  failure: watch.error === undefined ? null : failureText(watch.error),
  ...outcomeOf(watch, exit),
})

/** The attempt begins at once, and ends as `scope` closes. */
export const open = (
  executor: Executor["Service"],
  turn: Turn,
  options: AttemptOptions,
  scope: Scope.Scope,
): Effect.Effect<Pull.Pull<Chunk, Failure>> =>
  Clock.clockWith((clock) =>
    Effect.flatMap(AttemptSpan.open(executor, turn, options.number), (span) => {
      const watch = newWatch(clock)
      const end = (exit: Exit.Exit<unknown, unknown>) => {
        const attempt = attemptOf(executor, turn, options.number, watch, clock, exit)
        return Effect.andThen(options.onEnd(attempt, watch.error), AttemptSpan.close(span, attempt))
      }
      const startWatchdog = Effect.forkIn(watchdog(watch, clock, executor.target, options), scope, {
        startImmediately: true,
      })
      const { channel } = executor.execute({ ...turn, trace: span })
      return Effect.flatMap(Channel.toPullScoped(channel, scope), (pull) => {
        options.onStart?.()
        const begun = Effect.andThen(Scope.addFinalizerExit(scope, end), startWatchdog)
        return Effect.as(begun, watched(pull, watch, clock, executor.target, options))
      })
    }),
  )

/** The same as a stream. */
export const run = (
  executor: Executor["Service"],
  turn: Turn,
  options: AttemptOptions,
): Stream.Stream<ExecutionEvent, Failure> =>
  Stream.fromChannel(Channel.fromTransform((_, scope) => open(executor, turn, options, scope)))
