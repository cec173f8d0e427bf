/**
 * The program of an accepted turn's fiber: executes the turn into the run's log, then ends the run (`TurnEnd`).
 *
 * Invariant: on success, failure, cancel or a defect, the log ends with exactly one terminal event. A turn that could not be
 * stored has no log: its upstream is stopped, and nothing is recorded.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import { ModeService } from "../decision/ModeService.ts"
import type { PromptMessage } from "../domain/History.ts"
import type { Attempt } from "../domain/Run.ts"
import * as FileBytes from "../execution/files/FileBytes.ts"
import { Execution } from "../execution/Execution.ts"
import type { Turn } from "../execution/Executor.ts"
import type { TurnEvent } from "../execution/TurnEvent.ts"
import { steadyMillis } from "../platform/Monotonic.ts"
import { type Recorded, Recorder } from "../recording/Recorder.ts"
import type { Share } from "../runs/ByteBudget.ts"
import { LiveBytes } from "../runs/LiveBytes.ts"
import { Pace } from "../runs/Pace.ts"
import * as PartsLimit from "../runs/PartsLimit.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import { Transcript } from "../runs/Transcript.ts"
import { Runs } from "../store/Runs.ts"
import type { Spent } from "../store/TokenSpend.ts"
import * as Spans from "../telemetry/Spans.ts"
import type { SessionTitles } from "./SessionTitles.ts"
import * as TurnEnd from "./TurnEnd.ts"
import * as TurnOutcome from "./TurnOutcome.ts"
import { tokensOf } from "./TurnTokens.ts"

const hasFile = (events: ReadonlyArray<TurnEvent>): boolean =>
  events.some((event) => event._tag === "Message" && event.file !== undefined)

export class TurnRun extends Context.Service<
  TurnRun,
  { readonly program: (accepted: TurnEnd.AcceptedTurn) => Effect.Effect<void> }
>()("crossfade/chat/TurnRun") {
  static readonly layer: Layer.Layer<
    TurnRun,
    never,
    | Execution
    | LiveBytes
    | ModeService
    | Pace
    | Recorder
    | Runs
    | SecureRandom.SecureRandom
    | SessionTitles
    | Shutdown
  > = Layer.effect(
    TurnRun,
    Effect.suspend(() => make),
  )
}

const charactersOf = (messages: ReadonlyArray<PromptMessage>): number =>
  messages.reduce((sum, { content }) => sum + content.length, 0)

/** Counts the bytes of the prompt, and lets the memory budget end this fiber's run. */
const endableBy = (share: Share, { history, message, past }: Turn): Effect.Effect<TurnOutcome.Endings> =>
  Effect.withFiber((fiber) => {
    const endings: TurnOutcome.Endings = { memory: false, stopped: false }
    share.mayEnd(() => {
      endings.memory = true
      fiber.interruptUnsafe()
    })
    // The history is made of the past messages, unless the caller supplied it.
    const characters = message.length + Math.max(charactersOf(history), charactersOf(past))
    // A character takes at most two bytes.
    share.add(2 * characters + FileBytes.heldFor(history))
    return Effect.succeed(endings)
  })

type Begun = Deferred.Deferred<boolean> | undefined

/** Succeeds when the turn is stored, and ends the attempt if it could not be. Undefined: it is stored. */
const storedOf = (begun: Begun): Effect.Effect<void> | undefined =>
  begun && Effect.flatMap(Deferred.await(begun), (isStored) => (isStored ? Effect.void : Effect.interrupt))

const isStored = (begun: Begun): Effect.Effect<boolean> =>
  begun === undefined ? Effect.succeed(true) : Deferred.await(begun)

/** Undefined when no budget counts the turn. */
const spentBy = (
  { permit: { day }, turn }: TurnEnd.AcceptedTurn,
  attempts: ReadonlyArray<Attempt>,
  shown: Transcript,
): Spent | undefined =>
  day === undefined ? undefined : { day, tokens: tokensOf(turn, attempts, shown.text) }

const make = Effect.gen(function* () {
  const bytes = yield* LiveBytes
  const execution = yield* Execution
  const modeService = yield* ModeService
  const pace = yield* Pace
  const recorder = yield* Recorder
  const runs = yield* Runs
  const shutdown = yield* Shutdown
  const end = yield* TurnEnd.make

  /** Outside `execute` so that the retained stream does not capture the log (decision 28). */
  const onAttemptEnd =
    (recorded: Recorded, attempts: Array<Attempt>, begun: Begun) =>
    (attempt: Attempt): Effect.Effect<void> => {
      attempts.push(attempt)
      return Effect.when(recorder.attempt(recorded, attempt), isStored(begun))
    }

  /** Appends all messages of the turn to the log. Gives `Finished`. */
  const execute = (
    { begun, log, run, share, ticket, turn }: TurnEnd.AcceptedTurn,
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
      const stored = storedOf(begun)
      let finished: TurnOutcome.Finished | undefined
      const append = (events: ReadonlyArray<TurnEvent>): Effect.Effect<void, TurnOutcome.RunTooLarge> => {
        const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
        const before = log.bytes
        const at = clock.currentTimeMillisUnsafe()
        const added = log.messages(drafts, at)
        for (const draft of drafts.slice(0, added)) share.add(transcript.add(draft, at))
        if (added < drafts.length) return Effect.fail(new TurnOutcome.RunTooLarge())
        finished = events.find((event) => event._tag === "Finished") ?? finished
        // The upstream waits too, because this process would have to hold its next messages.
        return bytes.wait() ?? pace.wait(log.bytes, log.bytes - before) ?? Effect.void
      }
      return execution
        .run(turn, {
          order: run.decision.order,
          ticket,
          onAttempt: onAttemptEnd(recorded, attempts, begun),
          stored,
        })
        .pipe(
          Stream.runForEachArray((events) => {
            const appended = Effect.suspend(() => append(events))
            // A file is stored before a reader can see its address.
            const shown = hasFile(events) ? Effect.andThen(recordFiles(events), appended) : appended
            return stored === undefined ? shown : Effect.andThen(stored, shown)
          }),
          Effect.map(() => finished),
        )
    })

  const program = Effect.fnUntraced(
    function* (accepted: TurnEnd.AcceptedTurn) {
      const transcript = new Transcript()
      const { run, share, turn } = accepted
      const { createdAt, orgId, id } = run
      const now = steadyMillis(yield* Clock.Clock)
      const endings = yield* endableBy(share, turn)
      const attempts: Array<Attempt> = []
      const recorded: Recorded = { id, orgId, ticket: accepted.ticket, missing: [] }
      const followed = yield* recorder.follow(accepted.log)
      const exit = yield* Effect.exit(Effect.interruptible(execute(accepted, recorded, attempts, transcript)))
      const isDefect =
        Exit.isFailure(exit) && !Exit.hasInterrupts(exit) && Option.isNone(Exit.findErrorOption(exit))
      if (isDefect) yield* Effect.logError("a turn died", exit.cause)
      share.settle()
      // Nothing of it is stored, and its log has no reader.
      if (!(yield* isStored(accepted.begun))) return
      endings.stopped = yield* shutdown.isEnding
      const ended = TurnOutcome.of(accepted, exit, transcript, endings)
      // If the clock was set back, an answer must not end before its question.
      const endedAt = Math.max(createdAt, now())
      const spent = spentBy(accepted, attempts, transcript)
      const all = transcript.parts(id)
      // The parts are smaller than their events, so a small log needs no check.
      const parts = accepted.log.bytes > PartsLimit.mostBytes ? PartsLimit.limited(id, all) : all
      transcript.clear()
      yield* end(accepted, { outcome: { ...ended, endedAt }, parts, attempts, recorded, followed, spent })
      yield* modeService.release(orgId, accepted.ticket)
    },
    (running, { run, share, turn }) =>
      Effect.annotateLogs(running, { runId: run.id, ...Spans.logged(turn.trace) }).pipe(
        Effect.ensuring(Effect.sync(() => share.release())),
      ),
    Effect.uninterruptible,
  )

  return TurnRun.of({ program })
})
