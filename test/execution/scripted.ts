/**
 * Executors that play a script, and a turn over them under TestClock. A test sees what a user could see: the messages
 * with the log's sequence numbers, the recorded attempts, and the time of each request.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Message } from "../../src/protocol/agent2ui/Message.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import type { Attempt } from "../../src/domain/Run.ts"
import type { Settings } from "../../src/execution/Course.ts"
import { Execution } from "../../src/execution/Execution.ts"
import type { AttemptFailed, TurnEvent } from "../../src/execution/TurnEvent.ts"
import type { ExecutionError } from "../../src/execution/ExecutionError.ts"
import { type ExecutionEvent, Executor, type Turn } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { RecentTurns } from "../../src/monitoring/RecentTurns.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { monitorSettings, runId, turn } from "../support/fixtures.ts"

/**
 * Emit, wait for milliseconds, fail, stay silent for ever, or throw. The end of the script is the end of the stream.
 */
export type Step = ExecutionEvent | number | ExecutionError | "silence" | "bug"
export type Script = ReadonlyArray<Step>

const play = (step: Step): Stream.Stream<ExecutionEvent, ExecutionError> => {
  if (step === "silence") return Stream.never
  if (step === "bug") return Stream.die(new Error("a bug"))
  if (typeof step === "number") return Stream.drain(Stream.fromEffect(Effect.sleep(step)))
  return step._tag === "Message" || step._tag === "Finished" ? Stream.succeed(step) : Stream.fail(step)
}

export interface Asked {
  readonly target: string
  readonly at: number
  readonly turn: Turn
  /** The end of the executor's stream. */
  ended: "still running" | "by itself" | "interrupted"
}

/** An executor whose nth execution plays the nth script; the last one repeats. It records its use in `asked`. */
export const scripted = (
  asked: Array<Asked>,
  mode: ExecutionMode,
  target: string,
  ...scripts: ReadonlyArray<Script>
) => {
  let executions = 0
  return Layer.succeed(
    Executor,
    Executor.of({
      mode,
      target,
      execute: (given) =>
        Stream.unwrap(
          Effect.map(Clock.currentTimeMillis, (at) => {
            const entry: Asked = { target, at, turn: given, ended: "still running" }
            asked.push(entry)
            const script = scripts[Math.min(executions++, scripts.length - 1)] ?? []
            const playedOut = Effect.sync(() => {
              entry.ended = "by itself"
            })
            return Stream.fromIterable(script).pipe(
              Stream.flatMap((step) => Stream.tapCause(play(step), () => playedOut)),
              Stream.concat(Stream.drain(Stream.fromEffect(playedOut))),
              // An execution that is left before its end counts as interrupted, with or without an interrupt.
              Stream.onExit(() =>
                Effect.sync(() => {
                  if (entry.ended !== "by itself") entry.ended = "interrupted"
                }),
              ),
            )
          }),
        ),
    }),
  )
}

export const runtime = (asked: Array<Asked>, ...scripts: ReadonlyArray<Script>) =>
  scripted(asked, "runtime_orchestrator", "runtime", ...scripts)
export const direct = (asked: Array<Asked>, target: string, ...scripts: ReadonlyArray<Script>) =>
  scripted(asked, "direct_llm", target, ...scripts)

export const settings: Settings = {
  limits: { firstContentMs: 1000, stallMs: 2000, totalMs: 10_000 },
  retractPartial: true,
  fallbackOnContentFilter: false,
}

/** Lets every fiber do all its ready work. If time advanced before, it would be charged to that work. */
export const settle = Effect.yieldNow.pipe(Effect.repeat({ times: 50 }))

/** Small steps, because a big one can skip sleeps that begin within it. Fails after `limit` steps. */
export const advanceUntilDone = <A, E>(
  fiber: Fiber.Fiber<A, E>,
  stepMs = 20,
  limit = 2000,
): Effect.Effect<void> => {
  const goOn = Effect.suspend(() => {
    if (fiber.pollUnsafe() !== undefined) return Effect.void
    if (limit === 0) return Effect.die(new Error("the turn did not end"))
    return Effect.andThen(TestClock.adjust(stepMs), advanceUntilDone(fiber, stepMs, limit - 1))
  })
  return Effect.andThen(settle, goOn)
}

export interface Played {
  /** As a log stores them. */
  readonly messages: ReadonlyArray<Message>
  readonly finished: ReadonlyArray<Extract<TurnEvent, { readonly _tag: "Finished" }>>
  readonly exit: Exit.Exit<void, AttemptFailed>
  readonly attempts: ReadonlyArray<Attempt>
  readonly endedAt: number
}

export interface PlayOptions {
  readonly turn?: Turn
  readonly settings?: Settings
  readonly order?: ReadonlyArray<ExecutionMode>
  /** The ticket of a turn that the Monitor admitted to the runtime. */
  readonly ticket?: Ticket
  /** Runs for each event before the consumer asks for the next. */
  readonly consume?: (event: TurnEvent) => Effect.Effect<void>
}

export const layerOf = (executors: ReadonlyArray<Layer.Layer<Executor>>, given: Settings = settings) =>
  Layer.provide(Execution.layer(given), [
    Modes.layer(executors),
    Monitor.layer(monitorSettings),
    RecentTurns.layer,
  ])

/** A whole turn over only these executors. */
export const playTurn = (
  executors: ReadonlyArray<Layer.Layer<Executor>>,
  options: PlayOptions = {},
): Effect.Effect<Played> =>
  Effect.gen(function* () {
    const execution = yield* Execution
    const log = new RunLog(runId)
    const finished: Array<Played["finished"][number]> = []
    const attempts: Array<Attempt> = []
    const order = options.order ?? ["runtime_orchestrator", "direct_llm"]
    const fiber = yield* execution
      .run(options.turn ?? turn(), {
        order,
        ticket: options.ticket,
        onAttempt: (attempt) => Effect.sync(() => attempts.push(attempt)),
      })
      .pipe(
        Stream.runForEach((event) =>
          Effect.suspend(() => {
            if (event._tag === "Finished") finished.push(event)
            else log.message(event.draft, 0)
            return options.consume?.(event) ?? Effect.void
          }),
        ),
        Effect.exit,
        Effect.forkChild,
      )
    yield* advanceUntilDone(fiber)
    const exit = yield* Fiber.join(fiber)
    const endedAt = yield* Clock.currentTimeMillis
    const messages = log.read(0).flatMap(({ event }) => (event.event === "message" ? [event.data] : []))
    return { messages, finished, exit, attempts, endedAt }
  }).pipe(Effect.provide(layerOf(executors, options.settings)))

export const typesOf = ({ messages }: Played): ReadonlyArray<string> => messages.map(({ type }) => type)

/** Mode, outcome and code of each attempt, in order. */
export const outcomesOf = ({ attempts }: Played) =>
  attempts.map(({ code, outcome, target }) => [target, outcome, code])

export const failureOf = ({ exit }: Played): AttemptFailed | undefined => {
  if (exit._tag === "Success") return undefined
  const reason = exit.cause.reasons.find((found) => found._tag === "Fail")
  return reason?.error
}

/** A turn over the runtime alone. */
export const playAlone = (...script: Script) => playTurn([runtime([], script)])

/** The end of the one attempt of such a turn, and its duration. */
export const ending = (...script: Script) =>
  Effect.map(playAlone(...script), (played) => {
    const [attempt, ...more] = played.attempts
    if (more.length > 0) throw new Error(`more than one attempt: ${more.length + 1}`)
    return {
      outcome: attempt?.outcome,
      code: attempt?.code,
      tookMs: (attempt?.endedAt ?? 0) - (attempt?.startedAt ?? 0),
      error: failureOf(played)?.error._tag,
    }
  })
