/** The erasure of a user or an organisation: a job that removes all of its data. */
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"
import { ErasureId, OrgId, UserId } from "./Ids.ts"

/** The rows that the job has removed so far. */
export const ErasureProgress = Schema.Struct({
  sessions: Schema.Int,
  messages: Schema.Int,
  runs: Schema.Int,
  files: Schema.Int,
  apiKeys: Schema.Int,
  agents: Schema.Int,
  /** The steps that failed and were tried again. */
  failures: Schema.Int,
  /** The last failure, until a step succeeds. */
  lastFailure: Schema.NullOr(Schema.String),
})
export type ErasureProgress = typeof ErasureProgress.Type

export const noProgress: ErasureProgress = {
  sessions: 0,
  messages: 0,
  runs: 0,
  files: 0,
  apiKeys: 0,
  agents: 0,
  failures: 0,
  lastFailure: null,
}

export const Erasure = Schema.Struct({
  id: ErasureId,
  orgId: OrgId,
  /** Null: the whole organisation. */
  userId: Schema.NullOr(UserId),
  requestedBy: Actor,
  /** `completed`: no row of the user or the organisation was left. */
  status: Schema.Literals(["pending", "running", "completed"]),
  progress: ErasureProgress,
  createdAt: Schema.Int,
  updatedAt: Schema.Int,
  endedAt: Schema.NullOr(Schema.Int),
}).annotate({ identifier: "Erasure" })
export type Erasure = typeof Erasure.Type

/** The owner of the data that a job removes. */
export type Erased = Pick<Erasure, "orgId" | "userId">
