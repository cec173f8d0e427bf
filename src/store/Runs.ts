/**
 * Runs, as they are kept: begun with the user's message, filled with events and attempts while they go, ended with the
 * assistant's message. Every write has committed when its effect succeeds, so a caller may acknowledge then.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type MessageId, RunId, type SessionId } from "../domain/Ids.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { Attempt, EndOfRun, Run } from "../domain/Run.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { TurnKey } from "../domain/TurnKey.ts"
import type { SessionBusy } from "../runs/LiveRuns.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { StoreError } from "./StoreError.ts"
import type { Spent } from "./TokenSpend.ts"
import type { TurnKeyTaken } from "./TurnKeys.ts"

export class RunNotFound extends Schema.TaggedError<RunNotFound>()("RunNotFound", { runId: RunId }) {}

/** The run was taken for one without a living process, and has been ended: its readers have been told. */
export class RunLost extends Schema.TaggedError<RunLost>()("RunLost", { runId: RunId }) {}

/** A file that the runtime made in a run: `path` is the runtime's own relative URL and never leaves the gateway. */
export interface RunFile {
  readonly runId: RunId
  readonly fileId: string
  readonly path: string
  readonly filename: string
  readonly mimeType: string
}

/** The parts of a run that its end still has to write. Written again, each stays as it was. */
export interface Unwritten {
  readonly attempts: ReadonlyArray<Attempt>
  readonly entries: ReadonlyArray<LogEntry>
}

export class Runs extends Context.Service<
  Runs,
  {
    /**
     * One transaction: the session (made, or its `updatedAt` moved on and its cohort written, where it had none), the user's
     * message, the run, whose owner is this replica, and its key. A session is busy while its last run goes on, wherever, and
     * where it is no longer as the turn has read it: another message came, or another run retries the same one.
     */
    readonly begin: (turn: {
      readonly session: Session
      readonly isNewSession: boolean
      readonly userMessage: ChatMessage
      readonly run: Run
      /** The message is the one before once more. */
      readonly repeats: boolean
      /** The session's last message when the history was read; absent where a parent is named. */
      readonly follows?: MessageId | undefined
      /** The run that did not answer `userMessage`: the message is stored already, and belongs to this run from now on. */
      readonly retries?: RunId | undefined
      /** Under which the turn is found when its request comes again. */
      readonly key?: TurnKey | undefined
    }) => Effect.Effect<void, SessionBusy | StoreError | TurnKeyTaken>
    /** One statement for all of them, of however many runs; consecutive in each. Written again, an entry is there once. */
    readonly append: (
      batches: ReadonlyArray<{ readonly id: RunId; readonly entries: ReadonlyArray<LogEntry> }>,
    ) => Effect.Effect<void, StoreError>
    readonly recordAttempt: (id: RunId, attempt: Attempt) => Effect.Effect<void, StoreError>
    readonly recordFile: (file: RunFile) => Effect.Effect<void, StoreError>
    /**
     * One transaction: what is not written of the run, its end and, where there was an answer, the assistant's message. With
     * `spent` its tokens count for its user's day; only budgets ask for that.
     */
    readonly end: (
      run: EndOfRun & Pick<Run, "id" | "orgId">,
      assistantMessage: ChatMessage | undefined,
      unwritten?: Unwritten,
      spent?: Spent,
    ) => Effect.Effect<void, RunLost | StoreError>
    /** With its attempts, shadows included, by number. Fails like `Sessions.get`. */
    readonly get: (
      principal: Principal,
      id: RunId,
    ) => Effect.Effect<
      { readonly run: Run; readonly attempts: ReadonlyArray<Attempt> },
      AgentDenied | RunNotFound | StoreError
    >
    /** The run of the session that says it goes on, wherever. */
    readonly runningOf: (id: SessionId) => Effect.Effect<RunId | undefined, StoreError>
    /** True if this process began the run, and so is the one to execute it. False for a run not there. */
    readonly isOwn: (id: RunId) => Effect.Effect<boolean, StoreError>
    /** Those of the runs that go on no longer. */
    readonly ended: (ids: ReadonlyArray<RunId>) => Effect.Effect<ReadonlyArray<Run>, StoreError>
    /**
     * The kept entries with `seq` > `after`, in order: the next about 64 KiB of them, and at least what was written together.
     * Empty at the end. A run may have 16 MiB, so nothing reads all of it at once.
     */
    readonly events: (id: RunId, after: number) => Effect.Effect<ReadonlyArray<LogEntry>, StoreError>
    /** The answer of a run of whose events none is kept any more; undefined while one is. */
    readonly forgotten: (id: RunId, answer: MessageId) => Effect.Effect<ChatMessage | undefined, StoreError>
    readonly file: (id: RunId, fileId: string) => Effect.Effect<RunFile | undefined, StoreError>
  }
>()("crossfade/store/Runs") {}
