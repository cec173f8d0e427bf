/**
 * Stores the end of a turn, then announces it: to admission, to the readers, to the trace, the metrics and the log.
 *
 * Invariant: a reader sees `done` only after the assistant's message has committed.
 */
import type * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { TurnPermit } from "../admission/TurnPermit.ts"
import { MessageId } from "../domain/Ids.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { Turn } from "../execution/Executor.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import type { Followed } from "../recording/EventWriter.ts"
import { type Recorded, Recorder } from "../recording/Recorder.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
import { runawayBytes, type Share } from "../runs/ByteBudget.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import * as TerminalEvent from "../runs/TerminalEvent.ts"
import { type NewMessage, type RunLost, Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Spent } from "../store/TokenSpend.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Spans from "../telemetry/Spans.ts"
import { SessionTitles } from "./SessionTitles.ts"
import * as TurnLine from "./TurnLine.ts"
import * as TurnOutcome from "./TurnOutcome.ts"
import * as TurnSpan from "./TurnSpan.ts"

export interface AcceptedTurn {
  readonly run: Run
  readonly turn: Turn
  readonly ticket: Ticket | undefined
  readonly log: RunLog
  readonly permit: TurnPermit
  /** The memory of the run; the log counts its own part. */
  readonly share: Share
  /** Attributes of the turn's span that are added at the end. */
  readonly endAttributes: Spans.Attributes
  /** Done when the turn is stored: true, or when it could not be stored: false. Absent: it is stored. */
  readonly begun?: Deferred.Deferred<boolean> | undefined
}

/** A turn whose execution has ended. */
interface EndedTurn {
  readonly outcome: TurnOutcome.Ended & { readonly endedAt: number }
  readonly parts: ReadonlyArray<Message>
  readonly attempts: ReadonlyArray<Attempt>
  readonly recorded: Recorded
  readonly followed: Followed
  /** Undefined when no budget counts the turn. */
  readonly spent: Spent | undefined
}

/** Outlasts a lock, a restart or a short outage of the database. Meanwhile the answer is in memory and its reader waits. */
const storeRetries = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "1 minute" }),
)

export const make = Effect.gen(function* () {
  const ids = yield* SecureRandom.SecureRandom
  const largeEnds = yield* Semaphore.make(1)
  const recorder = yield* Recorder
  const runs = yield* Runs
  const shutdown = yield* Shutdown
  const titles = yield* SessionTitles

  /** Also for a turn that failed, so that a reload shows what its reader has seen. */
  const assistantMessage = (
    run: Run,
    { outcome: { endedAt, executionMode, record, text }, parts }: EndedTurn,
  ): Effect.Effect<NewMessage> =>
    Effect.map(ids.uuidV7(), (id) => ({
      id: MessageId.make(id),
      sessionId: run.sessionId,
      runId: run.id,
      role: "assistant",
      content: text,
      parentMessageId: run.userMessageId,
      executionMode,
      createdAt: endedAt,
      record,
      parts,
    }))

  /** During a shutdown the process does not wait for its store; another replica ends the run. */
  const isWorthRetrying = ({ _tag }: RunLost | StoreError) =>
    Effect.map(shutdown.isEnding, (ending) => _tag === "StoreError" && !ending)

  /** Starts the retry schedule only after a first failure, because nearly all stores succeed at once. */
  const retryUntilStored = <A, E extends RunLost | StoreError>(
    store: Effect.Effect<A, E>,
  ): Effect.Effect<A, E> =>
    Effect.catch(store, (error) =>
      Effect.flatMap(isWorthRetrying(error), (worthRetrying) =>
        worthRetrying
          ? Effect.andThen(
              Effect.sleep("100 millis"),
              Effect.retry(store, { schedule: storeRetries, while: isWorthRetrying }),
            )
          : Effect.fail(error),
      ),
    )

  /**
   * Stores large runs one at a time, because a run is in memory several times while it is written. SQLite blocks the process
   * during a write, so an equally long pause lets other turns continue.
   */
  const oneByOne =
    (bytes: number) =>
    <A, E>(store: Effect.Effect<A, E>): Effect.Effect<A, E> => {
      if (bytes < runawayBytes) return store
      const andPause = Effect.flatMap(Effect.timed(store), ([took, stored]) =>
        Effect.as(Effect.sleep(took), stored),
      )
      return largeEnds.withPermit(andPause)
    }

  /** Gives the run as it was stored, or as its readers must see it when it could not be stored. */
  const store = (
    { log, run, share, turn }: AcceptedTurn,
    { followed, outcome, recorded, spent }: EndedTurn,
    message: NewMessage,
  ): Effect.Effect<Run> => {
    const { isAnswer, record: _, text: __, ...fields } = outcome
    const ended: Run = { ...run, ...fields, assistantMessageId: isAnswer ? message.id : null }
    return recorder.rest(recorded, followed).pipe(
      Effect.flatMap((rest) => runs.end(ended, message, rest, spent)),
      oneByOne(share.bytes),
      Effect.as(ended),
      retryUntilStored,
      Effect.tap(Effect.sync(() => log.stored(log.lastSeq))),
      Spans.within("persist", turn.trace, () => ({})),
      // Other replicas considered this one dead, and their readers saw that the run was interrupted.
      Effect.catchTag("RunLost", () =>
        Effect.succeed({ ...ended, ...TurnOutcome.failed(TerminalEvent.interruptedError(run), "") }),
      ),
      // The run is not done if it is not stored. The reader gets an error; Membership ends the run when the store is back.
      Effect.catchCause((cause) =>
        Effect.as(Effect.logError("a run's end was not stored", cause), {
          ...ended,
          ...TurnOutcome.failed(TerminalEvent.internalError(run), ""),
        }),
      ),
    )
  }

  return Effect.fnUntraced(function* (accepted: AcceptedTurn, ended: EndedTurn) {
    const { endAttributes, log, permit, run, turn } = accepted
    const { attempts, outcome, spent } = ended
    const message = yield* assistantMessage(run, ended)
    const final = yield* store(accepted, ended, message)
    // Before the reader sees the end, so that its next turn finds room.
    yield* permit.end(spent?.tokens ?? 0)
    if (spent !== undefined) yield* Measure.budgetSpent(spent.tokens)
    const terminal = TerminalEvent.terminalOf(final)
    if (terminal !== undefined) log.end(terminal)
    yield* TurnSpan.close(turn.trace, endAttributes, final)
    yield* Measure.turnEnded(final, attempts)
    yield* TurnLine.log(final, turn, outcome.text)
    yield* titles.offer(final, turn, outcome.text)
  })
})
