/** `Baselines` in the SQL database: one row for each runtime. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Baselines } from "./Baselines.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ version: Schema.Int, p99Ms: Schema.Finite })),
)

export const layerSql: Layer.Layer<Baselines, never, SqlClient.SqlClient> = Layer.effect(
  Baselines,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const find = (runtime: string) =>
      sql`SELECT version, p99_ms AS "p99Ms" FROM baselines WHERE runtime = ${runtime}`.pipe(
        Effect.flatMap(decode),
        Effect.map(([row]) => row),
        asStoreError("Baselines.find"),
      )

    const put = Effect.fnUntraced(function* (runtime: string, p99Ms: number, after: number) {
      yield* sql`INSERT INTO baselines (runtime, version, p99_ms) VALUES (${runtime}, ${after + 1}, ${p99Ms})
        ON CONFLICT (runtime) DO UPDATE SET version = excluded.version, p99_ms = excluded.p99_ms
        WHERE baselines.version = ${after}`
    }, asStoreError("Baselines.put"))

    return Baselines.of({ find, put })
  }),
)
