/**
 * The life of one accepted turn, as the program of its run's fiber: execution into the log, then the end.
 *
 * Invariant: whatever happens (success, failure, cancel, a bug) the log ends with exactly one terminal event, and
 * `done` is said only after the assistant's message has committed.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { TurnPermit } from "../admission/TurnPermit.ts"
import { ModeService } from "../decision/ModeService.ts"
import { MessageId } from "../domain/Ids.ts"
import { steadyMillis } from "../platform/Monotonic.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { ChatMessage } from "../domain/Session.ts"
import { Execution } from "../execution/Execution.ts"
import type { TurnEvent } from "../execution/TurnEvent.ts"
import type { Turn } from "../execution/Executor.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import type { Followed } from "../recording/EventWriter.ts"
import { type Recorded, Recorder } from "../recording/Recorder.ts"
import { type RunLost, Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Spent } from "../store/TokenSpend.ts"
import { runawayBytes, type Share } from "../runs/ByteBudget.ts"
import { LiveBytes } from "../runs/LiveBytes.ts"
import { Pace } from "../runs/Pace.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import { Transcript } from "../runs/Transcript.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Spans from "../telemetry/Spans.ts"
import * as TerminalEvent from "../runs/TerminalEvent.ts"
import * as TurnOutcome from "./TurnOutcome.ts"
import * as TurnLine from "./TurnLine.ts"
import * as TurnSpan from "./TurnSpan.ts"
import { tokensOf } from "./TurnTokens.ts"

export interface AcceptedTurn {
  readonly run: Run
  readonly turn: Turn
  readonly ticket: Ticket | undefined
  readonly log: RunLog
  readonly permit: TurnPermit
  /** The memory of the run; the log counts its own part. */
  readonly share: Share
}

const hasFile = (events: ReadonlyArray<TurnEvent>): boolean =>
  events.some((event) => event._tag === "Message" && event.file !== undefined)

export class TurnRun extends Context.Service<
  TurnRun,
  { readonly program: (accepted: AcceptedTurn) => Effect.Effect<void> }
>()("crossfade/chat/TurnRun") {
  static readonly layer: Layer.Layer<
    TurnRun,
    never,
    Execution | LiveBytes | ModeService | Pace | Recorder | Runs | SecureRandom.SecureRandom | Shutdown
  > = Layer.effect(
    TurnRun,
    Effect.suspend(() => make),
  )
}

/** A lock, a restart or a short outage of the database is over by then; the answer waits in memory, its reader for `done`. */
const storeRetries = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "1 minute" }),
)

/** Counts what the turn is asked with, and lets the budget end this fiber's run. */
const endableBy = (share: Share, { history, message }: Turn): Effect.Effect<TurnOutcome.Endings> =>
  Effect.withFiber((fiber) => {
    const endings: TurnOutcome.Endings = { memory: false, stopped: false }
    share.mayEnd(() => {
      endings.memory = true
      fiber.interruptUnsafe()
    })
    const asked = history.reduce((sum, { content }) => sum + content.length, message.length)
    // Texts of two bytes a character, from above.
    share.add(2 * asked)
    return Effect.succeed(endings)
  })

/** Undefined where no budget counts the turn. */
const spentBy = (
  { permit: { day }, turn }: AcceptedTurn,
  attempts: ReadonlyArray<Attempt>,
  shown: Transcript,
): Spent | undefined =>
  day === undefined ? undefined : { day, tokens: tokensOf(turn, attempts, shown.text) }

const make = Effect.gen(function* () {
  const bytes = yield* LiveBytes
  const execution = yield* Execution
  const largeEnds = yield* Semaphore.make(1)
  const modeService = yield* ModeService
  const pace = yield* Pace
  const recorder = yield* Recorder
  const runs = yield* Runs
  const ids = yield* SecureRandom.SecureRandom
  const stopping = yield* Shutdown

  /** Outside `execute` so that the retained stream does not capture the log (decision 28). */
  const noting = (recorded: Recorded, attempts: Array<Attempt>) => (attempt: Attempt) => {
    attempts.push(attempt)
    return recorder.attempt(recorded, attempt)
  }

  /** Everything the turn says, into the log. Gives `Finished`. */
  const execute = (
    { log, run, share, ticket, turn }: AcceptedTurn,
    recorded: Recorded,
    attempts: Array<Attempt>,
    transcript: Transcript,
  ) =>
    Clock.clockWith((clock) => {
      const recordFiles = (events: ReadonlyArray<TurnEvent>) =>
        Effect.forEach(
          events.flatMap((event) => (event._tag === "Message" && event.file ? [event.file] : [])),
          (file) => runs.recordFile({ runId: run.id, ...file }),
          { discard: true },
        )
      let finished: TurnOutcome.Finished | undefined
      const append = (events: ReadonlyArray<TurnEvent>): Effect.Effect<void, TurnOutcome.RunTooLarge> => {
        const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
        const before = log.bytes
        const added = log.messages(drafts, clock.currentTimeMillisUnsafe())
        for (const draft of drafts.slice(0, added)) share.add(transcript.add(draft))
        if (added < drafts.length) return Effect.fail(new TurnOutcome.RunTooLarge())
        finished = events.find((event) => event._tag === "Finished") ?? finished
        // The upstream waits as well: what it says next would be held here.
        return bytes.wait() ?? pace.wait(log.bytes, log.bytes - before) ?? Effect.void
      }
      return execution
        .run(turn, {
          order: run.decision.order,
          ticket,
          onAttempt: noting(recorded, attempts),
        })
        .pipe(
          Stream.runForEachArray((events) => {
            const appended = Effect.suspend(() => append(events))
            // A file is kept before its address can be read.
            return hasFile(events) ? Effect.andThen(recordFiles(events), appended) : appended
          }),
          Effect.map(() => finished),
        )
    })

  const assistantMessage = (
    run: Run,
    ended: TurnOutcome.Ended,
    createdAt: number,
  ): Effect.Effect<ChatMessage | undefined> =>
    ended.status === "completed" || ended.answer !== ""
      ? Effect.map(ids.uuidV7(), (id) => ({
          id: MessageId.make(id),
          sessionId: run.sessionId,
          runId: run.id,
          role: "assistant",
          content: ended.answer,
          parentMessageId: run.userMessageId,
          executionMode: ended.executionMode,
          createdAt,
        }))
      : Effect.undefined

  /** A process that is being ended does not wait for its store; another replica ends the run. */
  const isWorthwhile = ({ _tag }: RunLost | StoreError) =>
    Effect.map(stopping.isEnding, (ending) => _tag === "StoreError" && !ending)

  /** Tried until the store takes it. The schedule is made for the ones that need it. */
  const insisted = <A, E extends RunLost | StoreError>(stored: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.catch(stored, (error) =>
      Effect.flatMap(isWorthwhile(error), (worthwhile) =>
        worthwhile
          ? Effect.andThen(
              Effect.sleep("100 millis"),
              Effect.retry(stored, { schedule: storeRetries, while: isWorthwhile }),
            )
          : Effect.fail(error),
      ),
    )

  /** A large run is in memory several times while it is written. The pause lets others in, because SQLite blocks. */
  const oneByOne =
    (held: number) =>
    <A, E>(storing: Effect.Effect<A, E>): Effect.Effect<A, E> => {
      if (held < runawayBytes) return storing
      const andPause = Effect.flatMap(Effect.timed(storing), ([took, stored]) =>
        Effect.as(Effect.sleep(took), stored),
      )
      return largeEnds.withPermit(andPause)
    }

  const end = Effect.fnUntraced(function* (
    { log, permit, run, share, turn }: AcceptedTurn,
    recorded: Recorded,
    attempts: ReadonlyArray<Attempt>,
    followed: Followed,
    ended: TurnOutcome.Ended & { readonly endedAt: number },
    spent: Spent | undefined,
  ) {
    const message = yield* assistantMessage(run, ended, ended.endedAt)
    const { answer: _, ...fields } = ended
    const final: Run = { ...run, ...fields, assistantMessageId: message?.id ?? null }
    const stored = recorder.rest(recorded, followed).pipe(
      Effect.flatMap((rest) => runs.end(final, message, rest, spent)),
      oneByOne(share.bytes),
      Effect.as(final),
      insisted,
      Effect.tap(Effect.sync(() => log.stored(log.lastSeq))),
      Spans.within("persist", turn.trace, () => ({})),
      // Other replicas took this one for dead, and have told their readers that the run was interrupted.
      Effect.catchTag("RunLost", () =>
        Effect.succeed({ ...final, ...TurnOutcome.failed(TerminalEvent.interruptedError(run)) }),
      ),
      // Not stored, so not done: the reader is told so, and Membership ends the run when the store is back.
      Effect.catchCause((cause) =>
        Effect.as(Effect.logError("a run's end was not stored", cause), {
          ...final,
          ...TurnOutcome.failed(TerminalEvent.internalError(run)),
        }),
      ),
    )
    const told = yield* stored
    // Before the reader knows the end: its next turn finds room.
    yield* permit.end(spent?.tokens ?? 0)
    if (spent !== undefined) yield* Measure.budgetSpent(spent.tokens)
    const terminal = TerminalEvent.terminalOf(told)
    if (terminal !== undefined) log.end(terminal)
    yield* TurnSpan.close(turn.trace, told)
    yield* Measure.turnEnded(told, attempts)
    yield* TurnLine.log(told, turn, ended.answer)
  })

  const program = Effect.fnUntraced(
    function* (accepted: AcceptedTurn) {
      const transcript = new Transcript()
      const { run, share, turn } = accepted
      const { createdAt, orgId, id } = run
      const now = steadyMillis(yield* Clock.Clock)
      const endings = yield* endableBy(share, turn)
      const attempts: Array<Attempt> = []
      const recorded: Recorded = { id, orgId, ticket: accepted.ticket, missing: [] }
      const followed = yield* recorder.follow(accepted.log)
      const exit = yield* Effect.exit(Effect.interruptible(execute(accepted, recorded, attempts, transcript)))
      const died =
        Exit.isFailure(exit) && !Exit.hasInterrupts(exit) && Option.isNone(Exit.findErrorOption(exit))
      if (died) yield* Effect.logError("a turn died", exit.cause)
      share.settle()
      endings.stopped = yield* stopping.isEnding
      const ended = TurnOutcome.of(accepted, exit, transcript, endings)
      // A clock that was set back must not make an answer end before its question.
      const endedAt = Math.max(createdAt, now())
      const spent = spentBy(accepted, attempts, transcript)
      transcript.clear()
      yield* end(accepted, recorded, attempts, followed, { ...ended, endedAt }, spent)
      yield* modeService.release(orgId, accepted.ticket)
    },
    (running, { run, share, turn }) =>
      Effect.annotateLogs(running, { runId: run.id, ...Spans.logged(turn.trace) }).pipe(
        Effect.ensuring(Effect.sync(() => share.leave())),
      ),
    Effect.uninterruptible,
  )

  return TurnRun.of({ program })
})
