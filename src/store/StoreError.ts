/** The store did not complete the operation, so nothing was acknowledged. `operation` names the service method. */
import * as Schema from "effect/Schema"

export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  operation: Schema.String,
  cause: Schema.Defect(),
}) {}
