/** The use of SQLite's one connection: by a transaction, by a checkpoint that lets no write begin, or by single calls. */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { DatabaseSync } from "node:sqlite"

export interface SqliteLease {
  readonly semaphore: Semaphore.Semaphore
  /** Writes must wait. Reads must wait only for a transaction. */
  readonly isHeld: () => boolean
  /** Lets no write begin before `self` has ended. */
  readonly exclusively: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Calls `use` at once, or when the connection is free. */
  readonly whenFree: (use: () => void) => void
  /** A batch whose COMMIT and ROLLBACK both failed leaves a transaction open; the next user has started none. */
  readonly endLeft: () => void
}

export const make = (database: DatabaseSync): SqliteLease => {
  const semaphore = Semaphore.makeUnsafe(1)
  let isExclusive = false
  const isHeld = () => isExclusive || database.isTransaction
  const endLeft = () => {
    if (database.isTransaction) database.exec("ROLLBACK")
  }
  const exclusive = (is: boolean) =>
    Effect.sync(() => {
      isExclusive = is
    })
  return {
    semaphore,
    isHeld,
    endLeft,
    exclusively: (self) =>
      semaphore.withPermit(
        Effect.acquireUseRelease(
          Effect.andThen(Effect.sync(endLeft), exclusive(true)),
          () => self,
          () => exclusive(false),
        ),
      ),
    whenFree: (use) => {
      if (isHeld()) Effect.runFork(semaphore.withPermit(Effect.sync(use)))
      else use()
    },
  }
}
