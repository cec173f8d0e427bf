/**
 * One turn over its targets, in the decision's order: an `ExecutionPlan` whose steps are layers of `Executor`.
 *
 * Within a step an attempt is tried again only before anything was shown and only for errors that ask for it; between
 * steps the commit gate decides. A change of mode is announced by `fallback`, text that must go by `retract`. Every
 * failure is re-typed with its disposition, so that no `while` of the plan lets a turn run again that must not.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ExecutionPlan from "effect/ExecutionPlan"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Duration from "effect/Duration"
import * as Stream from "effect/Stream"
import type { Draft } from "../agent2ui/Message.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Usage } from "../domain/Outcome.ts"
import type { Attempt as AttemptRecord } from "../domain/Run.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { Recent } from "../monitoring/Recent.ts"
import type { Ticket } from "../monitoring/Ticket.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Attempt from "./Attempt.ts"
import * as CommitGate from "./CommitGate.ts"
import type { Limits } from "./Deadlines.ts"
import { type ExecutionError, meaningOf, retryAfterOf } from "./ExecutionError.ts"
import { Executor, type Turn, type UpstreamFile } from "./Executor.ts"
import { Modes } from "./Modes.ts"

export type TurnEvent =
  | { readonly _tag: "Message"; readonly draft: Draft; readonly file?: UpstreamFile }
  | { readonly _tag: "Finished"; readonly usage: Usage | undefined; readonly mode: ExecutionMode }

/** An attempt failed, and the turn with it unless `disposition` lets a later step go on. */
export class AttemptFailed extends Data.TaggedError("AttemptFailed")<{
  readonly mode: ExecutionMode
  readonly target: string
  readonly error: ExecutionError
  readonly gate: CommitGate.Gate
  readonly disposition: CommitGate.Disposition
}> {}

export interface Settings {
  readonly limits: Limits
  /** Whether shown text may be taken back so that another target can answer. */
  readonly retractPartial: boolean
}

/** Attempts of one target within a turn: the first and one more. More only delays the other mode. */
const attemptsPerTarget = 2
/** Longer than this nobody waits for the same target while another one could answer. */
const longestRetryAfterMs = 2000

/** What a turn remembers from attempt to attempt. Message number n of a turn is event n of its run's log. */
interface Progress {
  attempts: number
  messages: number
  firstText: number | undefined
  failed: AttemptFailed | undefined
}

const mayRetry = (failed: AttemptFailed): boolean =>
  failed.disposition === "next" &&
  meaningOf(failed.error).retry &&
  (retryAfterOf(failed.error) ?? 0) <= longestRetryAfterMs

/** 100 ms with jitter, or what the upstream asked for. A step that follows another target's failure starts at once. */
const backoff = (target: string) =>
  Schedule.exponential("100 millis").pipe(
    Schedule.jittered,
    Schedule.setInputType<AttemptFailed>(),
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.succeed(
        input.target === target
          ? Duration.max(duration, Duration.millis(retryAfterOf(input.error) ?? 0))
          : Duration.zero,
      ),
    ),
  )

const step = (provide: Context.Context<Executor>) => {
  const { target } = Context.get(provide, Executor)
  return {
    provide,
    attempts: attemptsPerTarget,
    while: (failed: AttemptFailed) =>
      failed.target === target ? mayRetry(failed) : failed.disposition !== "fail",
    schedule: backoff(target),
  }
}

/** What the reader is told between a failed attempt and the next one. */
const transition = (progress: Progress, turn: Turn, to: ExecutionMode): ReadonlyArray<TurnEvent> => {
  const { failed } = progress
  if (failed === undefined) return []
  const { code, message } = meaningOf(failed.error)
  const drafts: Array<Draft> = []
  if (failed.disposition === "retract" && progress.firstText !== undefined) {
    const range = { fromSeq: progress.firstText, toSeq: progress.messages }
    drafts.push({ type: "retract", data: { runId: turn.runId, ...range, reason: message } })
  }
  if (failed.mode !== to)
    drafts.push({ type: "fallback", data: { from: failed.mode, to, reason: message, code } })
  return drafts.map((draft) => ({ _tag: "Message", draft }))
}

/** A change of mode, for whoever measures and whoever watches. */
const noted = ({ failed }: Progress, { orgId, runId }: Turn, to: ExecutionMode): Effect.Effect<void> => {
  if (failed === undefined || failed.mode === to) return Effect.void
  const { code } = meaningOf(failed.error)
  const { disposition, mode: from } = failed
  return Effect.flatMap(Effect.all([Recent, Clock.currentTimeMillis]), ([recent, at]) => {
    recent.fallbacks.add({ at, runId, orgId, from, to, code })
    return Measure.fellBack(from, code, disposition === "retract")
  })
}

const count = (progress: Progress, event: TurnEvent): TurnEvent => {
  if (event._tag === "Message") {
    progress.messages += 1
    const type = event.draft.type
    if (type === "text" || type === "markdown") progress.firstText ??= progress.messages
  }
  return event
}

const failureOf = (
  settings: Settings,
  executor: Executor["Service"],
  failure: Attempt.Failure,
): AttemptFailed =>
  new AttemptFailed({
    ...failure,
    mode: executor.mode,
    target: executor.target,
    disposition: meaningOf(failure.error).next
      ? CommitGate.afterFailure(failure.gate, settings.retractPartial)
      : "fail",
  })

/** The Monitor's eye on a runtime attempt. Only what may still move to another mode is hurried. */
const watchOf = (monitor: Monitor["Service"], executor: Executor["Service"], turn: Turn, plan: TurnPlan) =>
  executor.mode !== "runtime_orchestrator" || plan.ticket === undefined
    ? Effect.succeed({})
    : Effect.map(monitor.watch(turn.orgId, plan.ticket), ({ firstProgressLimitMs, progressed }) => ({
        onFirstProgress: progressed,
        ...(plan.order.length > 1 ? { firstProgressLimitMs } : {}),
      }))

const attemptOf = (
  settings: Settings,
  monitor: Monitor["Service"],
  turn: Turn,
  progress: Progress,
  plan: TurnPlan,
): Stream.Stream<TurnEvent, AttemptFailed, Executor> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const executor = yield* Executor
      const watch = yield* watchOf(monitor, executor, turn, plan)
      progress.attempts += 1
      yield* noted(progress, turn, executor.mode)
      const announced = Stream.fromIterable(transition(progress, turn, executor.mode))
      progress.firstText = undefined
      const attempt = Attempt.run(executor, turn, {
        number: progress.attempts,
        limits: settings.limits,
        onEnd: plan.onAttempt,
        ...watch,
      }).pipe(
        Stream.map((event): TurnEvent =>
          event._tag === "Finished" ? { ...event, mode: executor.mode } : event,
        ),
        Stream.mapError((failure) => (progress.failed = failureOf(settings, executor, failure))),
      )
      return Stream.concat(announced, attempt).pipe(Stream.map((event) => count(progress, event)))
    }),
  )

/** Where a turn may go, and who is told of its attempts. */
export interface TurnPlan {
  /** At least one of them has a target. */
  readonly order: ReadonlyArray<ExecutionMode>
  /** Of a turn that the Monitor let into the runtime. */
  readonly ticket: Ticket | undefined
  readonly onAttempt: (attempt: AttemptRecord) => Effect.Effect<void>
}

export class Execution extends Context.Service<
  Execution,
  {
    /** The turn's messages in order, then `Finished`. Fails with the last attempt's error. */
    readonly run: (turn: Turn, plan: TurnPlan) => Stream.Stream<TurnEvent, AttemptFailed>
  }
>()("crossfade/execution/Execution") {
  static readonly layer = (settings: Settings): Layer.Layer<Execution, never, Modes | Monitor> =>
    Layer.effect(
      Execution,
      Effect.gen(function* () {
        const modes = yield* Modes
        const monitor = yield* Monitor
        const run: Execution["Service"]["run"] = (turn, plan) => {
          const { order } = plan
          const [first, ...rest] = order.flatMap(modes.targets).map(step)
          if (first === undefined) return Stream.die(new Error(`no target for ${order.join(", ")}`))
          const progress: Progress = { attempts: 0, messages: 0, firstText: undefined, failed: undefined }
          return attemptOf(settings, monitor, turn, progress, plan).pipe(
            Stream.withExecutionPlan(ExecutionPlan.make(first, ...rest)),
          )
        }
        return Execution.of({ run })
      }),
    )
}
