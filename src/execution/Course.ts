/**
 * The course of one turn over its targets, in the decision's order: retries, half of the history, the next target.
 *
 * A target is retried only before anything was shown and only for errors that allow it. Between targets the commit
 * gate decides. `fallback` announces a change of mode, and `retract` takes shown text back. Every failure carries its
 * disposition, so that a turn never runs twice if it must not.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import { halfOf } from "../domain/History.ts"
import { forMode } from "../domain/Agent.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Attempt as AttemptRecord } from "../domain/Run.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import type { Pass } from "../monitoring/breaker/ProviderBreakers.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import {
  announcements,
  count,
  newProgress,
  type Progress,
  recordFallback,
  toTurnEvent,
} from "./Announcements.ts"
import * as Attempt from "./Attempt.ts"
import * as CommitGate from "./CommitGate.ts"
import type { Limits } from "./Deadlines.ts"
import { errorPolicyOf, type ExecutionError } from "./ExecutionError.ts"
import { upstreamCodes } from "./FailureText.ts"
import type { Executor, Turn } from "./Executor.ts"
import { heldUntil } from "./HeldAnswer.ts"
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

/** The modes that a turn may use, and the listener for its attempts. */
export interface TurnPlan {
  /** At least one of these modes has a target. */
  readonly order: ReadonlyArray<ExecutionMode>
  /** Set if the Monitor admitted the turn to the runtime. */
  readonly ticket: Ticket | undefined
  readonly onAttempt: (attempt: AttemptRecord) => Effect.Effect<void>
  /** Succeeds when the turn is stored. Until then the upstreams are asked, and nothing of their answers is used. */
  readonly stored?: Effect.Effect<void> | undefined
}

type TurnPull = Pull.Pull<Arr.NonEmptyReadonlyArray<TurnEvent>, AttemptFailed>

/** An attempt under way. */
interface Current {
  readonly executor: Executor["Service"]
  readonly scope: Scope.Closeable
  /** Begins the attempt when it is pulled for the first time. */
  pull: Pull.Pull<Attempt.Chunk, Attempt.Failure>
}

/** The services of all turns. */
export interface Services {
  readonly settings: Settings
  readonly monitor: Monitor["Service"]
  readonly recent: RecentTurns["Service"]
}

const optionsOf = (
  { monitor, recent, settings }: Services,
  progress: Progress,
  plan: TurnPlan,
  step: Step,
  { pass, watch }: Entry,
): Attempt.AttemptOptions => {
  const { executor, turn } = step
  return {
    number: progress.attempts,
    limits: limitsOf(settings, step),
    onStart: () => turn.shadow || recent.attemptStarted(executor.mode),
    onEnd: (ended, error) => {
      if (!turn.shadow) recordEnd(recent, ended)
      return Effect.andThen(
        monitor.targetEnded({
          orgId: turn.orgId,
          agentId: turn.agent.id,
          attempt: ended,
          pass,
          codes: error && upstreamCodes(error),
          pauseMs: Retries.pauseOf(error),
        }),
        plan.onAttempt(ended),
      )
    },
    ...watch,
  }
}

/**
 * One turn over its targets. One pull and its plain state take the place of a stream operator for each rule, because every
 * live turn would hold those operators while it waits (decision 59).
 *
 * Tries the targets in order. If the gate allows no further attempt, or no target is left, the turn fails with the
 * last failure. A context limit belongs to one target: each target gets the whole history first, and half of it after
 * `ContextTooLong`.
 */
export class Course {
  readonly #services: Services
  readonly #plan: TurnPlan
  readonly #targets: ReadonlyArray<Executor["Service"]>
  readonly #whole: Turn
  readonly #scope: Scope.Scope
  readonly #progress: Progress = newProgress()
  #index = 0
  /** The turn for the current target. */
  #turn: Turn
  #current: Current | undefined

  constructor(
    services: Services,
    plan: TurnPlan,
    targets: ReadonlyArray<Executor["Service"]>,
    whole: Turn,
    scope: Scope.Scope,
  ) {
    this.#services = services
    this.#plan = plan
    this.#targets = targets
    this.#whole = whole
    this.#turn = whole
    this.#scope = scope
  }

  readonly pull: TurnPull = Effect.suspend(() => {
    const current = this.#current
    if (current === undefined) return this.#enter()
    const { mode } = current.executor
    return Effect.matchCauseEffect(current.pull, {
      onSuccess: (events): TurnPull =>
        Effect.succeed(Arr.map(events, (event) => toTurnEvent(this.#progress, mode, event))),
      onFailure: (cause): TurnPull => this.#ended(current, cause),
    })
  })

  /** A provider that the Monitor does not admit is skipped. */
  #enter(): TurnPull {
    const executor = this.#targets[this.#index]!
    const step: Step = { executor, turn: this.#turn, later: this.#targets.slice(this.#index + 1) }
    const { monitor, recent } = this.#services
    return Effect.flatMap(enter(monitor, step, this.#plan), (entry) => {
      if (entry === undefined) return this.#next()
      const recorded = recordFallback(recent, this.#progress, step.turn, executor.mode)
      return Effect.flatMap(recorded, () => this.#begin(step, entry))
    })
  }

  #begin(step: Step, entry: Entry): TurnPull {
    const progress = this.#progress
    const { executor, turn } = step
    const announced = announcements(progress, turn, executor.mode).map((event) => count(progress, event))
    progress.attempts += 1
    progress.attemptsOfTarget = progress.target === executor.target ? progress.attemptsOfTarget + 1 : 1
    progress.target = executor.target
    progress.before = progress.messages
    progress.firstText = undefined
    const scope = Scope.forkUnsafe(this.#scope)
    const own = { ...turn, agent: forMode(turn.agent, executor.mode) }
    const options = optionsOf(this.#services, progress, this.#plan, step, entry)
    const held = heldUntil(this.#plan.stored, executor)
    const open = Effect.flatMap(Attempt.open(held, own, options, scope), (pull) => (current.pull = pull))
    const current: Current = { executor, scope, pull: open }
    this.#current = current
    return Arr.isReadonlyArrayNonEmpty(announced) ? Effect.succeed(announced) : this.pull
  }

  #ended({ executor, scope }: Current, cause: Cause.Cause<Attempt.Failure | Cause.Done>): TurnPull {
    if (Pull.isDoneCause(cause)) return Effect.andThen(Scope.close(scope, Exit.void), Cause.done())
    const failure = Cause.findErrorOption(cause as Cause.Cause<Attempt.Failure>)
    // A defect or an interruption ends the turn, and its scope ends the attempt.
    if (failure._tag === "None") return Effect.failCause(cause as Cause.Cause<never>)
    const failed = failureOf(this.#services.settings, this.#progress, executor, failure.value)
    this.#progress.failed = failed
    this.#current = undefined
    const closed = Scope.close(scope, Exit.fail(failed))
    return Effect.flatMap(Effect.andThen(closed, Retries.mayAgain(failed)), (again) =>
      again ? this.#enter() : this.#after(failed),
    )
  }

  #after(failed: AttemptFailed): TurnPull {
    const shorter = withHalfHistory(failed, this.#whole, this.#turn)
    if (shorter !== undefined) {
      this.#turn = shorter
      return this.#enter()
    }
    const hasNext = this.#index + 1 < this.#targets.length && failed.disposition !== "fail"
    return hasNext ? this.#next() : Effect.fail(failed)
  }

  #next(): TurnPull {
    this.#index += 1
    this.#turn = this.#whole
    return this.#enter()
  }
}
