/** Reads all that a gateway stores, as bytes: to prove that deleted text is in none of it. */
import * as PgClient from "@effect/sql-pg/PgClient"
import { createClient } from "@redis/client"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Gateways } from "./gateways.ts"

/** A named piece of stored data, in lower case. */
export type Piece = readonly [name: string, text: string]

/** Every file below the folder: the database with its log, and uploaded contents. */
const files = (folder: string): ReadonlyArray<Piece> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [`${name}`, `${name}\n${readFileSync(join(folder, name), "latin1")}`])

const tables = (url: string): Promise<ReadonlyArray<Piece>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const names = yield* sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
      return yield* Effect.forEach(names, ({ name }) =>
        Effect.map(sql`SELECT CAST(t AS TEXT) AS row FROM ${sql(name)} t`, (rows): Piece => [
          name,
          JSON.stringify(rows),
        ]),
      )
    }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) }))),
  )

const commands: Readonly<Record<string, (key: string) => ReadonlyArray<string>>> = {
  string: (key) => ["GET", key],
  hash: (key) => ["HGETALL", key],
  zset: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  stream: (key) => ["XRANGE", key, "-", "+"],
  set: (key) => ["SMEMBERS", key],
  list: (key) => ["LRANGE", key, "0", "-1"],
}

const keys = async (url: string): Promise<ReadonlyArray<Piece>> => {
  const redis = createClient({ url })
  await redis.connect()
  try {
    const found: Array<Piece> = []
    for (const key of await redis.sendCommand<ReadonlyArray<string>>(["KEYS", "*"])) {
      const read = commands[await redis.sendCommand<string>(["TYPE", key])]
      // A key may expire between the two commands.
      if (read !== undefined)
        found.push([key, `${key}\n${JSON.stringify(await redis.sendCommand([...read(key)]))}`])
    }
    return found
  } finally {
    redis.destroy()
  }
}

const pieces = async ({ databaseUrl, folder, redis }: Gateways): Promise<ReadonlyArray<Piece>> => [
  ...files(folder.path),
  ...(databaseUrl === undefined ? [] : await tables(databaseUrl)),
  ...(redis === undefined ? [] : await keys(redis.url)),
]

/** The names of the files, tables and keys that have the text, in any case. */
export const placesOf = async (its: Gateways, text: string): Promise<ReadonlyArray<string>> =>
  (await pieces(its)).filter(([, found]) => found.toLowerCase().includes(text)).map(([name]) => name)
