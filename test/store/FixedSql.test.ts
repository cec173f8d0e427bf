import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import * as SqliteClient from "../../src/persistence/SqliteClient.ts"
import { fixed } from "../../src/store/FixedSql.ts"

const columns = { first: 1, second: "two", third: null as string | null }
type Columns = typeof columns

describe("a fixed statement", () => {
  it.effect("has the text and the values of its template, in each call", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const template = ({ first, ...rest }: { readonly [Name in keyof Columns]: unknown }) =>
        sql<Row>`UPDATE t SET ${sql.update(rest)} WHERE a = ${first} OR b = ${first} OR c = ${"constant"}`
      const statement = fixed<Columns>(sql, template)
      for (const values of [columns, { first: 2, second: "x'?", third: "three" }, columns]) {
        assert.deepStrictEqual(statement(values).compile(), template(values).compile())
      }
    }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:" }))),
  )

  it.effect("inserts a row whose columns are given in another order", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE t (first INTEGER, second TEXT, third TEXT)`
      const insert = fixed<Columns>(sql, (at) => sql`INSERT INTO t ${sql.insert(at)}`)
      yield* insert(columns)
      yield* insert({ third: "three", second: "second", first: 2 })
      assert.deepStrictEqual(yield* sql`SELECT * FROM t ORDER BY first`, [
        columns,
        { first: 2, second: "second", third: "three" },
      ])
    }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:" }))),
  )
})
