/**
 * Port: runs. A run starts with the user's message, gets events and attempts, and ends with the assistant's message.
 * Each write has committed when its effect succeeds, so the caller may acknowledge it then.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type MessageId, RunId, type SessionId } from "../domain/Ids.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { MessageRecord } from "../domain/MessageRecord.ts"
import type { Attempt, EndOfRun, Run } from "../domain/Run.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { TurnKey } from "../domain/TurnKey.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
import type { SessionBusy } from "../runs/LiveRuns.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { AttachmentGone } from "./Files.ts"
import type { StoreError } from "./StoreError.ts"
import type { Spent } from "./TokenSpend.ts"
import type { TurnKeyTaken } from "./TurnKeys.ts"

export class RunNotFound extends Schema.TaggedError<RunNotFound>()("RunNotFound", { runId: RunId }) {}

/**
 * Another replica took the run for one of a dead process and ended it; its readers have seen that end. Or the run is deleted
 * for good.
 */
export class RunLost extends Schema.TaggedError<RunLost>()("RunLost", { runId: RunId }) {}

/** A file that the runtime created in a run. `path` is the runtime's own relative URL and never leaves the gateway. */
export interface RunFile {
  readonly runId: RunId
  readonly fileId: string
  readonly path: string
  readonly filename: string
  readonly mimeType: string
}

/** A message to store, with the data of later turns. */
export interface NewMessage extends ChatMessage {
  readonly record?: MessageRecord | undefined
  /** The parts of an assistant's message, as they were seen. */
  readonly parts?: ReadonlyArray<Message> | undefined
  /** The files of a user's message. */
  readonly attachments?: ReadonlyArray<Attachment> | undefined
}

/** The parts of a run that its end must still write. A repeated write leaves each unchanged. */
export interface Unwritten {
  readonly attempts: ReadonlyArray<Attempt>
  readonly entries: ReadonlyArray<LogEntry>
}

export class Runs extends Context.Service<
  Runs,
  {
    /**
     * One transaction: the session (created; or its `updatedAt` moved forward and its first cohort written), the
     * user's message with its files, the run with this replica as its owner, and its key. The session is busy while its last run is
     * running on any replica, and if it has changed since the turn read it: another message arrived, another run
     * retries the same one, or its message was deleted.
     */
    readonly begin: (turn: {
      readonly session: Session
      readonly isNewSession: boolean
      /** The key of a new session whose client chose an id (`clientKey`). The session is busy if another one has the key. */
      readonly clientKey?: string | undefined
      readonly userMessage: NewMessage
      readonly run: Run
      /** True if the user repeated the previous message. */
      readonly repeats: boolean
      /** The session's last message when the history was read; absent if the request names a parent. */
      readonly follows?: MessageId | undefined
      /** The run that did not answer `userMessage`: the message is already stored and moves to this run. */
      readonly retries?: RunId | undefined
      /** The run makes another answer to `userMessage`, which is stored and stays with its run. */
      readonly asksAgain?: boolean | undefined
      /** The key by which a repeated request finds the turn. */
      readonly key?: TurnKey | undefined
    }) => Effect.Effect<void, AttachmentGone | SessionBusy | StoreError | TurnKeyTaken>
    /**
     * One statement for events of any number of runs; each run's are consecutive. A repeated write stores an entry
     * once.
     */
    readonly append: (
      batches: ReadonlyArray<{ readonly id: RunId; readonly entries: ReadonlyArray<LogEntry> }>,
    ) => Effect.Effect<void, StoreError>
    readonly recordAttempt: (id: RunId, attempt: Attempt) => Effect.Effect<void, StoreError>
    readonly recordFile: (file: RunFile) => Effect.Effect<void, StoreError>
    /**
     * One transaction: the unwritten parts of the run, its end and the assistant's message. The message of a turn that
     * failed is not its answer, so the run does not name it.
     * With `spent`, its tokens count for the user's day; only budgets need that.
     */
    readonly end: (
      run: EndOfRun & Pick<Run, "id" | "orgId">,
      assistantMessage: NewMessage | undefined,
      unwritten?: Unwritten,
      spent?: Spent,
    ) => Effect.Effect<void, RunLost | StoreError>
    /** The run with its attempts, shadow attempts included, by number. Fails like `Sessions.get`. */
    readonly get: (
      principal: Principal,
      id: RunId,
    ) => Effect.Effect<
      { readonly run: Run; readonly attempts: ReadonlyArray<Attempt> },
      AgentDenied | RunNotFound | StoreError
    >
    /** The session's running run, on any replica. */
    readonly runningOf: (id: SessionId) => Effect.Effect<RunId | undefined, StoreError>
    /** True if this process started the run and therefore executes it. False for an unknown run. */
    readonly isOwn: (id: RunId) => Effect.Effect<boolean, StoreError>
    /** Returns those of the runs that are deleted, on any replica, or that do not exist. */
    readonly deleted: (ids: ReadonlyArray<RunId>) => Effect.Effect<ReadonlyArray<RunId>, StoreError>
    /** Returns those of the runs that have ended. */
    readonly ended: (ids: ReadonlyArray<RunId>) => Effect.Effect<ReadonlyArray<Run>, StoreError>
    /**
     * The stored entries with `seq` > `after`, in order: about the next 64 KiB, and at least one write's worth. Empty
     * at the end. A run may have 16 MiB, so no caller reads all of it at once.
     */
    readonly events: (id: RunId, after: number) => Effect.Effect<ReadonlyArray<LogEntry>, StoreError>
    /**
     * The parts of a run whose events have all expired. Undefined while an event is stored, and if the run has no
     * message. Empty if the message has neither parts nor text.
     */
    readonly expiredParts: (
      run: Pick<Run, "id" | "userMessageId">,
    ) => Effect.Effect<ReadonlyArray<Message> | undefined, StoreError>
    readonly file: (id: RunId, fileId: string) => Effect.Effect<RunFile | undefined, StoreError>
  }
>()("crossfade/store/Runs") {}
