/**
 * The port that a mode is: given a turn, the stream of what happens. The runtime and each direct provider are layers of
 * it; a test swaps a layer and nothing else.
 *
 * Contract of `execute`: every element is progress (comments, pings and role-only deltas never come out of it);
 * `Finished` comes last and exactly once on success; an end without it is a failure, whatever the adapter thinks; the
 * upstream is told to stop when the stream is interrupted. A `retract` takes back text of the same attempt, whose messages it
 * counts from 1.
 */
import * as Context from "effect/Context"
import type * as Stream from "effect/Stream"
import type { ValidDraft } from "../protocol/agent2ui/Message.ts"
import type { Agent } from "../domain/Agent.ts"
import type { PromptMessage } from "../domain/History.ts"
import type { OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { FinishReason, Usage } from "../domain/Outcome.ts"
import type { Attributes, SpanContext } from "../telemetry/Spans.ts"
import type { ExecutionError } from "./ExecutionError.ts"

/**
 * Everything an executor may know of a turn. `history` is the conversation as the history rule gives it, oldest first; it
 * ends with `message`.
 */
export interface Turn {
  readonly runId: RunId
  readonly sessionId: SessionId
  readonly orgId: OrgId
  readonly userId: UserId
  readonly requestId: string
  readonly agent: Agent
  readonly message: string
  readonly history: ReadonlyArray<PromptMessage>
  readonly shadow: boolean
  readonly probe: boolean
  /** Where it stands in a trace; an executor tells its upstream. Undefined: in none. */
  readonly trace?: SpanContext | undefined
}

/** A file that the runtime holds: shown under the gateway's own address, fetched from `path` of the runtime. */
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
      /** The model that answered, where the upstream names it. */
      readonly model?: string
    }

export class Executor extends Context.Service<
  Executor,
  {
    readonly mode: ExecutionMode
    /** `runtime`, or the direct provider's name. */
    readonly target: string
    readonly execute: (turn: Turn) => Stream.Stream<ExecutionEvent, ExecutionError>
    /** How an attempt of it is called in a trace, and what is known of it beforehand. */
    readonly span?: (turn: Turn) => { readonly name: string; readonly attributes: Attributes }
  }
>()("crossfade/execution/Executor") {}
