/** The events of a turn over all its attempts, and the failure of one attempt. */
import * as Data from "effect/Data"
import type { ValidDraft } from "../protocol/agent2ui/Message.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type * as CommitGate from "./CommitGate.ts"
import type { ExecutionError } from "./ExecutionError.ts"
import type { ExecutionEvent, UpstreamFile } from "./Executor.ts"

export type TurnEvent =
  | { readonly _tag: "Message"; readonly draft: ValidDraft; readonly file?: UpstreamFile }
  | (Extract<ExecutionEvent, { readonly _tag: "Finished" }> & { readonly mode: ExecutionMode })

/** An attempt failed. The turn fails too unless `disposition` allows another step. */
export class AttemptFailed extends Data.TaggedError("AttemptFailed")<{
  readonly mode: ExecutionMode
  readonly target: string
  /** 1 for the first attempt of its target within the turn. */
  readonly attemptOfTarget: number
  readonly error: ExecutionError
  readonly gate: CommitGate.Gate
  readonly disposition: CommitGate.Disposition
}> {}
