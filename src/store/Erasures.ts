/**
 * Port: the erasures of users and organisations. A job is a row, so it survives its process: a replica that claims the jobs
 * continues them. Every step may run twice.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Actor } from "../domain/Actor.ts"
import type { Erased, Erasure, ErasureProgress } from "../domain/Erasure.ts"
import { ErasureId, type OrgId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

export class ErasureNotFound extends Schema.TaggedError<ErasureNotFound>()("ErasureNotFound", {
  id: ErasureId,
}) {}

/** The rows that one step removed, beside those of sessions. */
export type Erasings = Pick<ErasureProgress, "files" | "apiKeys" | "agents">

export class Erasures extends Context.Service<
  Erasures,
  {
    /** Starts a job and adds an audit entry, or gives the running job for the same data. */
    readonly request: (
      erased: Erased,
      change: { readonly at: number; readonly by: Actor },
    ) => Effect.Effect<Erasure, StoreError>
    /** `orgId` undefined: of any organisation. */
    readonly get: (
      orgId: OrgId | undefined,
      id: ErasureId,
    ) => Effect.Effect<Erasure, ErasureNotFound | StoreError>
    /** Newest first; `before` is the id of the last page's end. */
    readonly list: (
      orgId: OrgId | undefined,
      page: { readonly before?: ErasureId; readonly limit: number },
    ) => Effect.Effect<Page<Erasure, ErasureId>, StoreError>
    /** The oldest jobs that have not ended. */
    readonly open: Effect.Effect<ReadonlyArray<Erasure>, StoreError>
    /** Takes all jobs until a time (epoch milliseconds); false if another replica has them beyond `now`. */
    readonly claim: (now: number, until: number) => Effect.Effect<boolean, StoreError>
    /** The holder prolongs its claim, or ends it with a time that has passed. */
    readonly hold: (until: number) => Effect.Effect<void, StoreError>
    readonly record: (id: ErasureId, progress: ErasureProgress, at: number) => Effect.Effect<void, StoreError>
    /**
     * Removes the data that is not in sessions: API keys (revoked first), token spend, feedback and, of an organisation, its
     * agents, figures and shadow pairs. Marks uploaded files for the purge.
     */
    readonly eraseRest: (erased: Erased, now: number) => Effect.Effect<Erasings, StoreError>
    /** Ends the job if no row of its data is left. Gives false otherwise. */
    readonly complete: (erasure: Erasure, at: number) => Effect.Effect<boolean, StoreError>
  }
>()("crossfade/store/Erasures") {}
