/**
 * The port for one target: takes a turn and returns a stream of events. The runtime and each direct provider are
 * layers of it; a test swaps only the layer.
 *
 * Contract of `execute`: every element is progress (no comments, pings or deltas with only a role). On success
 * `Finished` is last and occurs exactly once. An end without it is a failure. If the stream is interrupted, the
 * upstream is stopped. A `retract` refers to text of the same attempt and counts that attempt's messages from 1.
 */
import * as Context from "effect/Context"
import type * as Stream from "effect/Stream"
import type { ValidDraft } from "../protocol/agent2ui/Message.ts"
import type { Agent } from "../domain/Agent.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { PromptMessage } from "../domain/History.ts"
import type { Interrupt, InterruptAnswer } from "../domain/Interrupt.ts"
import type { UpstreamRecord } from "../domain/MessageRecord.ts"
import type { MessageId, OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { FinishReason, Usage } from "../domain/Outcome.ts"
import { type AttachmentRules, type LoadedFiles, noAttachments } from "./files/AttachmentRules.ts"
import type { Attributes, SpanContext } from "../telemetry/Spans.ts"
import type { ExecutionError } from "./ExecutionError.ts"

/** A message of the branch that the turn continues, as it is stored. */
export interface PastMessage extends PromptMessage {
  readonly id: MessageId
  /** The mode of an assistant's message; null on a user's. */
  readonly executionMode: ExecutionMode | null
  /** The interrupts of an assistant's message, and the answers of a user's. */
  readonly interrupts: ReadonlyArray<Interrupt>
  readonly answers: ReadonlyArray<InterruptAnswer>
  /** The wire's own record of its answer. */
  readonly upstream: UpstreamRecord | undefined
  /** Another branch continued after this message before this branch did. */
  readonly forked?: boolean | undefined
}

/** The interrupts that wait for an answer. Without `answers` the user has sent a plain message. */
export interface Resume {
  readonly interrupts: ReadonlyArray<Interrupt>
  readonly answers: ReadonlyArray<InterruptAnswer> | undefined
}

/**
 * The data of a turn for an executor. `history` is the conversation after the history rule, oldest first; it ends
 * with `message`.
 */
export interface Turn {
  readonly runId: RunId
  readonly sessionId: SessionId
  readonly orgId: OrgId
  readonly userId: UserId
  readonly requestId: string
  readonly agent: Agent
  readonly messageId: MessageId
  readonly message: string
  /** The files of `message`. */
  readonly attachments: ReadonlyArray<Attachment>
  readonly history: ReadonlyArray<PromptMessage>
  /**
   * The messages before `message` without the history rule, oldest first, for upstreams that need ids: at most 20 answers and
   * 4 MiB, questions without an answer left out. Empty if the caller supplied the history.
   */
  readonly past: ReadonlyArray<PastMessage>
  /** Present if the last answer of the branch ended with interrupts. */
  readonly resume?: Resume | undefined
  /** The contents of the attachments of `message`, `history` and `past`, which then name only those. */
  readonly files?: LoadedFiles | undefined
  /** The session may have had another message before those of this branch. */
  readonly forked?: boolean | undefined
  /** The question has an answer, and the user wants another one. */
  readonly again?: boolean | undefined
  readonly shadow: boolean
  readonly probe: boolean
  /** The turn's span context, which an executor passes to its upstream. Undefined: no trace. */
  readonly trace?: SpanContext | undefined
}

/** The part of an agent that selects its wire. */
export type RunsOn = { readonly settings: Pick<Agent["settings"], "runtime"> }

/** A file at the runtime. Readers see the gateway's address; the gateway fetches `path` from the runtime. */
export interface UpstreamFile {
  readonly fileId: string
  readonly path: string
  readonly filename: string
  readonly mimeType: string
}

export type ExecutionEvent =
  | { readonly _tag: "Message"; readonly draft: ValidDraft; readonly file?: UpstreamFile }
  | {
      readonly _tag: "Finished"
      readonly usage: Usage | undefined
      /** Absent: the upstream gives no reason, which means `stop`. */
      readonly finishReason?: FinishReason
      /** The model that answered, if the upstream names it. */
      readonly model?: string
      /** Data for later turns of this wire. */
      readonly record?: UpstreamRecord
    }

export class Executor extends Context.Service<
  Executor,
  {
    readonly mode: ExecutionMode
    /** `runtime`, or the direct provider's name. */
    readonly target: string
    /** The files that it takes of an agent's turns. Absent: none. */
    readonly attachments?: (agent: RunsOn) => AttachmentRules
    /** The messages before the current one whose files it gets with a turn. Absent: those of the history. */
    readonly filesFrom?: (turn: Turn) => ReadonlyArray<PromptMessage>
    readonly execute: (turn: Turn) => Stream.Stream<ExecutionEvent, ExecutionError>
    /** The name of an attempt's span and the attributes known at its start. */
    readonly span?: (turn: Turn) => { readonly name: string; readonly attributes: Attributes }
  }
>()("crossfade/execution/Executor") {}

export const rulesOf = (executor: Executor["Service"], agent: RunsOn): AttachmentRules =>
  executor.attachments?.(agent) ?? noAttachments
