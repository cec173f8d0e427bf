/**
 * Port: recorded turns for a backtest: time, user and attempts, without texts. Sorted by start and read in pages, so
 * a week of them needs no more memory than a minute.
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
  /** By number, without shadow attempts; empty for a turn that was still running, or ended before its first attempt. */
  readonly attempts: ReadonlyArray<Attempt>
}

export class RecordedTurns extends Context.Service<
  RecordedTurns,
  {
    /** Turns that started at `since` or later, in epoch milliseconds. */
    readonly since: (since: number) => Stream.Stream<RecordedTurn, StoreError>
  }
>()("crossfade/store/RecordedTurns") {}
