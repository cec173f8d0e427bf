/**
 * Turns as they were, for a backtest: who came when and how the attempts went, without what was said. In the order of their
 * beginning, a page at a time, so that a week of them needs no more memory than a minute.
 */
import * as Context from "effect/Context"
import type * as Stream from "effect/Stream"
import type { OrgId, SessionId } from "../domain/Ids.ts"
import type { Attempt } from "../domain/Run.ts"
import type { StoreError } from "./StoreError.ts"

export interface RecordedTurn {
  readonly orgId: OrgId
  readonly sessionId: SessionId
  readonly createdAt: number
  /** By number, without shadows; none of a turn that was still running, or ended before its first. */
  readonly attempts: ReadonlyArray<Attempt>
}

export class RecordedTurns extends Context.Service<
  RecordedTurns,
  {
    /** Those that began at `since` or later, in epoch milliseconds. */
    readonly since: (since: number) => Stream.Stream<RecordedTurn, StoreError>
  }
>()("crossfade/store/RecordedTurns") {}
