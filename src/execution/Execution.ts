/**
 * Runs one turn over its targets, in the decision's order. Each target is a layer of `Executor`.
 *
 * A target is retried only before anything was shown and only for errors that allow it. Between targets the commit
 * gate decides. `fallback` announces a change of mode, and `retract` takes shown text back. Every failure carries its
 * disposition, so that a turn never runs twice if it must not.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { halfOf } from "../domain/History.ts"
import { forMode } from "../domain/Agent.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Attempt as AttemptRecord } from "../domain/Run.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import type { Pass } from "../monitoring/breaker/ProviderBreakers.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import { announcements, count, type Progress, recordFallback, toTurnEvent } from "./Announcements.ts"
import * as Attempt from "./Attempt.ts"
import * as CommitGate from "./CommitGate.ts"
import type { Limits } from "./Deadlines.ts"
import { errorPolicyOf, type ExecutionError } from "./ExecutionError.ts"
import { upstreamCodes } from "./FailureText.ts"
import type { ExecutionEvent, Executor, Turn } from "./Executor.ts"
import { heldUntil } from "./HeldAnswer.ts"
import { Modes } from "./Modes.ts"
import * as Retries from "./Retries.ts"
import { AttemptFailed, type TurnEvent } from "./TurnEvent.ts"

export interface Settings {
  readonly limits: Limits
  /** Replaces `limits.stallMs` in direct mode. Undefined: use `limits.stallMs`. */
  readonly directStallMs?: number | undefined
  /** Shown text may be retracted so that another target can answer. */
  readonly retractPartial: boolean
  /** Another target may answer a message that a content filter refused. */
  readonly fallbackOnContentFilter: boolean
}

/** The turn with half of its history, for a target that finds the whole too long. At most once per target. */
const withHalfHistory = (failed: AttemptFailed, whole: Turn, sent: Turn): Turn | undefined => {
  if (failed.error._tag !== "ContextTooLong" || failed.disposition !== "next" || sent !== whole)
    return undefined
  const history = halfOf(whole.history)
  return history === undefined ? undefined : { ...whole, history }
}

/** A target of the turn's plan. */
interface Step {
  readonly executor: Executor["Service"]
  /** The turn that this target receives. */
  readonly turn: Turn
  /** The targets that can still answer after this one. */
  readonly later: ReadonlyArray<Executor["Service"]>
  /** The rest of the turn without this target, used if the Monitor does not admit it. */
  readonly skipped: () => Stream.Stream<TurnEvent, AttemptFailed>
}

/**
 * Tries the targets in order. If the gate allows no further attempt, or no target is left, the turn fails with the
 * last failure. A context limit belongs to one target: each target gets the whole history first, and half of it after
 * `ContextTooLong`.
 */
const firstThatAnswers = (
  targets: ReadonlyArray<Executor["Service"]>,
  whole: Turn,
  attempt: (step: Step) => Stream.Stream<TurnEvent, AttemptFailed>,
): Stream.Stream<TurnEvent, AttemptFailed> => {
  const stepOf = (index: number, turn: Turn): Step => ({
    executor: targets[index]!,
    turn,
    later: targets.slice(index + 1),
    skipped: () => from(index + 1, whole),
  })
  const moveOn = (index: number, turn: Turn) => (failed: AttemptFailed) => {
    const shorter = withHalfHistory(failed, whole, turn)
    if (shorter !== undefined) return from(index, shorter)
    const hasNext = index + 1 < targets.length && failed.disposition !== "fail"
    return hasNext ? from(index + 1, whole) : Stream.fail(failed)
  }
  const from = (index: number, turn: Turn): Stream.Stream<TurnEvent, AttemptFailed> => {
    const own = attempt(stepOf(index, turn))
    return Stream.catch(own, (failed) => Stream.catch(Retries.after(failed, own), moveOn(index, turn)))
  }
  return from(0, whole)
}

const mayMoveOn = (settings: Settings, error: ExecutionError): boolean =>
  error._tag === "ContentFiltered" ? settings.fallbackOnContentFilter : errorPolicyOf(error).next

const failureOf = (
  settings: Settings,
  { attemptsOfTarget }: Progress,
  executor: Executor["Service"],
  failure: Attempt.Failure,
): AttemptFailed =>
  new AttemptFailed({
    ...failure,
    mode: executor.mode,
    target: executor.target,
    attemptOfTarget: attemptsOfTarget,
    disposition: mayMoveOn(settings, failure.error)
      ? CommitGate.afterFailure(failure.gate, settings.retractPartial)
      : "fail",
  })

/** The Monitor's conditions for an attempt. */
interface Entry {
  readonly pass: Pass | undefined
  readonly watch: Pick<Attempt.AttemptOptions, "firstProgressLimitMs" | "onFirstProgress">
}

const unwatched: Entry = { pass: undefined, watch: {} }

/** Undefined: skip this provider. A runtime attempt gets no first-progress limit if no other target can replace it. */
const enter = (
  monitor: Monitor["Service"],
  { executor, later, turn }: Step,
  { ticket }: TurnPlan,
): Effect.Effect<Entry | undefined> => {
  if (executor.mode === "direct_llm") {
    const others = later.flatMap(({ mode, target }) => (mode === "direct_llm" ? [target] : []))
    return Effect.map(
      monitor.admitProvider(executor.target, others),
      (pass) => pass && { pass, watch: unwatched.watch },
    )
  }
  if (ticket === undefined) return Effect.succeed(unwatched)
  return Effect.map(monitor.watch(turn.orgId, ticket), ({ firstProgressLimitMs, progressed }) => ({
    pass: undefined,
    watch: { onFirstProgress: progressed, ...(later.length > 0 ? { firstProgressLimitMs } : {}) },
  }))
}

/**
 * The clocks of one attempt. If no other target can answer, an early end would only turn a late answer into an error.
 */
const limitsOf = ({ directStallMs, limits }: Settings, { executor, later }: Step): Limits => ({
  ...limits,
  firstContentMs: later.length > 0 ? limits.firstContentMs : Number.POSITIVE_INFINITY,
  stallMs: executor.mode === "direct_llm" ? (directStallMs ?? limits.stallMs) : limits.stallMs,
})

const recordEnd = (
  recent: RecentTurns["Service"],
  { endedAt, firstContentAt, mode, startedAt }: AttemptRecord,
): void => recent.attemptEnded(mode, endedAt, firstContentAt === null ? null : firstContentAt - startedAt)

/** The events and the failure of an attempt as those of its turn, in one stage. */
const ofTurn = (
  settings: Settings,
  progress: Progress,
  executor: Executor["Service"],
  attempt: Stream.Stream<ExecutionEvent, Attempt.Failure>,
): Stream.Stream<TurnEvent, AttemptFailed> =>
  Stream.transformPull(attempt, (pull) =>
    Effect.succeed(
      Effect.mapBoth(pull, {
        onSuccess: Arr.map((event) => toTurnEvent(progress, executor.mode, event)),
        onFailure: (failure) =>
          Cause.isDone(failure)
            ? failure
            : (progress.failed = failureOf(settings, progress, executor, failure)),
      }),
    ),
  )

const attemptOf = (
  settings: Settings,
  monitor: Monitor["Service"],
  recent: RecentTurns["Service"],
  progress: Progress,
  plan: TurnPlan,
  step: Step,
): Stream.Stream<TurnEvent, AttemptFailed> => {
  const { executor, turn } = step
  const begin = ({ pass, watch }: Entry): Effect.Effect<Stream.Stream<TurnEvent, AttemptFailed>> => {
    const announced = announcements(progress, turn, executor.mode).map((event) => count(progress, event))
    progress.attempts += 1
    progress.attemptsOfTarget = progress.target === executor.target ? progress.attemptsOfTarget + 1 : 1
    progress.target = executor.target
    progress.before = progress.messages
    progress.firstText = undefined
    const { agent, orgId } = turn
    const own = { ...turn, agent: forMode(agent, executor.mode) }
    const attempt = Attempt.open(heldUntil(plan.stored, executor), own, {
      number: progress.attempts,
      limits: limitsOf(settings, step),
      onStart: () => turn.shadow || recent.attemptStarted(executor.mode),
      onEnd: (ended, error) => {
        if (!turn.shadow) recordEnd(recent, ended)
        return Effect.andThen(
          monitor.targetEnded({
            orgId,
            agentId: agent.id,
            attempt: ended,
            pass,
            codes: error && upstreamCodes(error),
            pauseMs: Retries.pauseOf(error),
          }),
          plan.onAttempt(ended),
        )
      },
      ...watch,
    })
    return Effect.map(attempt, (events) => {
      const turnEvents = ofTurn(settings, progress, executor, events)
      return announced.length === 0 ? turnEvents : Stream.concat(Stream.fromArray(announced), turnEvents)
    })
  }
  return Stream.unwrap(
    Effect.flatMap(enter(monitor, step, plan), (entry) =>
      entry === undefined
        ? Effect.sync(step.skipped)
        : Effect.flatMap(recordFallback(recent, progress, turn, executor.mode), () => begin(entry)),
    ),
  )
}

/** The modes that a turn may use, and the listener for its attempts. */
interface TurnPlan {
  /** At least one of these modes has a target. */
  readonly order: ReadonlyArray<ExecutionMode>
  /** Set if the Monitor admitted the turn to the runtime. */
  readonly ticket: Ticket | undefined
  readonly onAttempt: (attempt: AttemptRecord) => Effect.Effect<void>
  /** Succeeds when the turn is stored. Until then the upstreams are asked, and nothing of their answers is used. */
  readonly stored?: Effect.Effect<void> | undefined
}

export class Execution extends Context.Service<
  Execution,
  {
    /** The turn's messages in order, then `Finished`. Fails with the last attempt's error. */
    readonly run: (turn: Turn, plan: TurnPlan) => Stream.Stream<TurnEvent, AttemptFailed>
  }
>()("crossfade/execution/Execution") {
  static readonly layer = (
    settings: Settings,
  ): Layer.Layer<Execution, never, Modes | Monitor | RecentTurns> =>
    Layer.effect(
      Execution,
      Effect.gen(function* () {
        const modes = yield* Modes
        const monitor = yield* Monitor
        const recent = yield* RecentTurns
        const run: Execution["Service"]["run"] = (turn, plan) => {
          const { order } = plan
          const targets = order.flatMap((mode) => modes.takers(mode, turn))
          if (targets.length === 0) return Stream.die(new Error(`no target for ${order.join(", ")}`))
          const progress: Progress = {
            attempts: 0,
            target: undefined,
            attemptsOfTarget: 0,
            messages: 0,
            before: 0,
            firstText: undefined,
            failed: undefined,
          }
          return firstThatAnswers(targets, turn, (step) =>
            attemptOf(settings, monitor, recent, progress, plan, step),
          )
        }
        return Execution.of({ run })
      }),
    )
}
