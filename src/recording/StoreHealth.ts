/** Whether the store answers, asked when somebody wants to know. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"

/** As long as a load balancer waits for a readiness answer. */
const timeout = "2 seconds"

export class StoreHealth extends Context.Service<StoreHealth, { readonly isUp: Effect.Effect<boolean> }>()(
  "crossfade/recording/StoreHealth",
) {
  static readonly layer: Layer.Layer<StoreHealth, never, SqlClient.SqlClient> = Layer.effect(
    StoreHealth,
    Effect.map(SqlClient.SqlClient, (sql) => ({
      isUp: sql`SELECT 1 AS up`.pipe(
        Effect.timeout(timeout),
        Effect.match({ onFailure: () => false, onSuccess: () => true }),
      ),
    })),
  )
}
