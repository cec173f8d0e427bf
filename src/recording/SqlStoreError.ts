/**
 * The one translation of the database's errors into `StoreError`, at the edge of every method of the SQL stores. A row
 * that does not decode is one of them: the store cannot give what was asked for.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { StoreError } from "./StoreError.ts"

type DatabaseError = SqlError | Schema.SchemaError
const isDatabaseError = (error: unknown): error is DatabaseError =>
  isSqlError(error) || Schema.isSchemaError(error)

/** `operation` names the service method. Other errors, and defects that are not the database's, pass. */
export const asStoreError =
  (operation: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, DatabaseError> | StoreError, R> =>
    self.pipe(
      // A connection that is lost inside a transaction is a defect, because its ROLLBACK fails as well.
      Effect.catchDefect((defect) =>
        isSqlError(defect) ? Effect.fail(new StoreError({ operation, cause: defect })) : Effect.die(defect),
      ),
      Effect.mapError((error) =>
        isDatabaseError(error)
          ? new StoreError({ operation, cause: error })
          : (error as Exclude<E, DatabaseError> | StoreError),
      ),
    )
