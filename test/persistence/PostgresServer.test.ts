import { afterAll, assert, beforeAll, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import { symlinkSync } from "node:fs"
import * as Path from "node:path"
import * as Database from "../../src/store/Database.ts"
import { findBinaries, type Server, start } from "../support/postgres.ts"
import { temporaryFolder } from "../support/processes.ts"

const every50ms = Schedule.spaced("50 millis")

const on = (url: string) =>
  Effect.provide(Database.layer({ databaseUrl: Redacted.make(url), dataDir: "unused" }))

const portOf = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT current_setting('port') AS port`).pipe(
  Effect.map(([row]) => Number(row!["port"])),
)
const wrote = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`UPDATE agents SET settings = settings RETURNING id`,
)

describe.skipIf(inject("postgresUrl") === undefined)("the server of a database URL", () => {
  const folder = temporaryFolder()
  let one: Server
  let two: Server
  beforeAll(async () => {
    one = await start(findBinaries()!)
    two = await start(findBinaries()!)
  })
  afterAll(async () => {
    await one.stop()
    await two.stop()
    folder.dispose()
  })
  const readOnly = (server: Server, state: "on" | "off") =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SET default_transaction_read_only = off`
      yield* sql.unsafe(`ALTER SYSTEM SET default_transaction_read_only = ${state}`)
      yield* sql`SELECT pg_reload_conf()`
    }).pipe(on(`${server.url}?options=-c%20default_transaction_read_only=off`), Effect.orDie)

  it.live("is the one at a socket whose folder is named as Cloud SQL names it", () =>
    Effect.gen(function* () {
      const socket = Path.join(folder.path, "project:region:instance")
      symlinkSync(one.folder, socket)
      const url = `postgres://crossfade:p%40ss@/postgres?host=${socket}&port=${one.port}&sslmode=require`
      assert.strictEqual(yield* portOf.pipe(on(url)), one.port)
    }),
  )

  it.live("is the first that accepts connections", () =>
    Effect.gen(function* () {
      const url = `postgres://crossfade@127.0.0.1:1,127.0.0.1:${two.port},127.0.0.1:${one.port}/postgres`
      assert.strictEqual(yield* portOf.pipe(on(url)), two.port)
    }),
  )

  it.live("is named with its reason if none accepts connections", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(portOf.pipe(on("postgres://a:hunter2@127.0.0.1:1,localhost:2/chat")))
      assert.match(error.message, /127\.0\.0\.1:1: .*ECONNREFUSED.*; localhost:2: .*ECONNREFUSED/)
      assert.notInclude(error.message, "hunter2")
    }),
  )

  it.live("gets the settings of the URL", () =>
    Effect.gen(function* () {
      const setting = (name: string) =>
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT current_setting(${name}) AS value`).pipe(
          Effect.map(([row]) => row!["value"]),
        )
      const settings = Effect.all([
        setting("application_name"),
        setting("work_mem"),
        setting("statement_timeout"),
      ])
      assert.deepStrictEqual(yield* settings.pipe(on(`${one.url}?options=-c%20work_mem%3D5MB`)), [
        "crossfade",
        "5MB",
        "5s",
      ])
      assert.strictEqual((yield* settings.pipe(on(`${one.url}?application_name=mine`)))[0], "mine")
    }),
  )

  it.live("with target_session_attrs=read-write is one that accepts writes, also after a failover", () =>
    Effect.gen(function* () {
      const hosts = `postgres://crossfade@127.0.0.1:${one.port},127.0.0.1:${two.port}/postgres`
      // Both have the schema.
      yield* wrote.pipe(on(one.url))
      yield* wrote.pipe(on(two.url))
      yield* readOnly(one, "on")
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* portOf, two.port)
        yield* readOnly(one, "off")
        yield* readOnly(two, "on")
        // Its sessions read the new setting with a delay.
        yield* Effect.repeat(Effect.isFailure(wrote), { until: (failed) => failed, schedule: every50ms })
        yield* Effect.retry(wrote, every50ms)
        assert.strictEqual(yield* portOf, one.port)
        // The same after its end.
        yield* readOnly(two, "off")
        yield* Effect.promise(one.down)
        yield* Effect.retry(wrote, every50ms)
        assert.strictEqual(yield* portOf, two.port)
      }).pipe(on(`${hosts}?target_session_attrs=read-write`))
    }),
  )
})
