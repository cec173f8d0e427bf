/**
 * The stored credentials of MCP servers and the data keys, on SQLite and, if the server's binaries are installed, on
 * PostgreSQL.
 */
import { assert, describe, inject, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { AgentSettings } from "../../src/domain/Agent.ts"
import * as AllowedHost from "../../src/domain/AllowedHost.ts"
import { AgentId, OrgId } from "../../src/domain/Ids.ts"
import * as McpCredentials from "../../src/domain/McpCredentials.ts"
import { type DataKey, dataKey } from "../../src/domain/SealedValue.ts"
import type { Batch } from "../../src/persistence/Batch.ts"
import * as Database from "../../src/store/Database.ts"
import { DataKeys } from "../../src/persistence/DataKeys.ts"
import { Agents } from "../../src/store/Agents.ts"
import * as AgentsSql from "../../src/store/AgentsSql.ts"
import * as CredentialSeals from "../../src/recording/CredentialSeals.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const canary = "canary-credential-4c1d"
const key = (name: string) => dataKey(Redacted.make(name.padEnd(40, "-")))
const [oldKey, newKey] = [key("old"), key("new")]
const orgId = OrgId.make("acme")
const idOf = (n: number) => AgentId.make(`01890000-0000-7000-8000-${String(n).padStart(12, "0")}`)

const settings = (id: string): AgentSettings => ({
  name: "Helper",
  active: true,
  systemPrompt: "",
  mcpServers: [
    {
      id,
      name: id,
      endpoint: "https://mcp.example",
      transport: "http",
      isConnected: true,
      authConfig: { token: canary, nested: { list: [1, "\u0000 é"] } },
      availableTools: [],
    },
    {
      id: "open",
      name: "o",
      endpoint: "https://mcp.example",
      transport: "t",
      isConnected: true,
      availableTools: [],
    },
  ],
  subAgents: [],
})

/** An agent as version 8 stored it. */
const inserted = (n: number) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`INSERT INTO agents ${sql.insert({ id: idOf(n), org_id: orgId, settings: JSON.stringify(settings("m")), created_at: n, updated_at: n })}`,
  )

const stored = (n: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ settings: string }>`SELECT settings FROM agents WHERE id = ${idOf(n)}`,
      ([row]) => row!.settings,
    ),
  )

const read = (n: number, ...keys: ReadonlyArray<DataKey>) =>
  Effect.gen(function* () {
    const agent = yield* (yield* Agents).get(orgId, idOf(n))
    return Result.map(
      McpCredentials.opened(keys, agent, agent.settings.mcpServers[0]!),
      (server) => server.authConfig,
    )
  }).pipe(Effect.provide(Layer.provide(AgentsSql.layerSql, layerWebCrypto)))

const keys = (current: DataKey | undefined, ...previous: ReadonlyArray<DataKey>) =>
  Layer.succeed(DataKeys, {
    current,
    all: [current, ...previous].filter((one) => one !== undefined),
  })

/** The credentials' part of a start of the service. */
const started = (current: DataKey | undefined, ...previous: ReadonlyArray<DataKey>) =>
  Effect.provide(
    Effect.void,
    CredentialSeals.layer(AllowedHost.none).pipe(
      Layer.provide(keys(current, ...previous)),
      Layer.provide(layerWebCrypto),
    ),
  )

const rotated = (current: DataKey | undefined, ...previous: ReadonlyArray<DataKey>) =>
  CredentialSeals.rotate.pipe(Effect.provide([keys(current, ...previous), layerWebCrypto]))

const suite = <E>(
  name: string,
  isAlone: boolean,
  database: () => Layer.Layer<Batch | SqlClient.SqlClient, E>,
) =>
  describe(`the credentials in ${name}`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, SqlClient.SqlClient>) =>
      it.live(title, () => Effect.provide(body, database()))
    const plain = Result.succeed(settings("m").mcpServers[0]!.authConfig)

    test(
      "are encrypted once at the start if version 8 stored them, and read unchanged",
      Effect.gen(function* () {
        for (let n = 1; n <= 3; n += 1) yield* inserted(n)
        yield* started(newKey)
        for (let n = 1; n <= 3; n += 1) {
          assert.notInclude(yield* stored(n), canary)
          assert.deepStrictEqual(yield* read(n, newKey), plain)
        }
        const first = yield* stored(1)
        yield* started(newKey)
        assert.strictEqual(yield* stored(1), first)
      }),
    )

    test(
      "raise the agent's version when they are encrypted, so that other replicas read it again",
      Effect.gen(function* () {
        yield* inserted(1)
        yield* started(newKey)
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ updated_at: number }>`SELECT updated_at FROM agents WHERE id = ${idOf(1)}`
        assert.isAbove(row!.updated_at, 1)
      }),
    )

    test(
      "stay plain without a key, and the start continues",
      Effect.gen(function* () {
        yield* inserted(1)
        yield* started(undefined)
        assert.include(yield* stored(1), canary)
        assert.deepStrictEqual(yield* read(1), plain)
      }),
    )

    test(
      "do not decrypt in the row of another agent, nor by another key",
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* inserted(1)
        yield* inserted(2)
        yield* started(newKey)
        yield* sql`UPDATE agents SET settings = ${yield* stored(1)} WHERE id = ${idOf(2)}`
        assert.deepStrictEqual(yield* read(2, newKey), Result.fail({ reason: "damaged" }))
        assert.deepStrictEqual(
          yield* read(1, oldKey),
          Result.fail({ reason: "unknown_key", keyId: newKey.id }),
        )
      }),
    )

    test(
      `are ${isAlone ? "encrypted anew at the start" : "left for the re-encrypt command, which a fleet runs when every replica has the key,"} if they have a previous key`,
      Effect.gen(function* () {
        yield* inserted(1)
        yield* started(oldKey)
        yield* started(newKey, oldKey)
        assert.strictEqual(Result.isSuccess(yield* read(1, newKey)), isAlone)
        const counts = yield* rotated(newKey, oldKey)
        const all = { plain: 0, unreadable: 0, refused: 0 }
        assert.deepStrictEqual(
          counts,
          isAlone ? { ...all, old: 0, sealed: 0 } : { ...all, old: 1, sealed: 1 },
        )
        assert.deepStrictEqual(yield* read(1, newKey), plain)
        assert.deepStrictEqual(yield* rotated(newKey), { ...all, old: 0, sealed: 0 })
      }),
    )

    test(
      "are counted and left unchanged if their key is lost",
      Effect.gen(function* () {
        yield* inserted(1)
        yield* started(oldKey)
        const before = yield* stored(1)
        yield* started(newKey)
        assert.deepStrictEqual(yield* rotated(newKey), {
          plain: 0,
          old: 0,
          unreadable: 1,
          sealed: 0,
          refused: 0,
        })
        assert.strictEqual(yield* stored(1), before)
      }),
    )

    test(
      "do not stop the others if their row is unreadable",
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* inserted(1)
        yield* inserted(2)
        yield* sql`UPDATE agents SET settings = ${'{"authConfig":'} WHERE id = ${idOf(1)}`
        yield* started(newKey)
        assert.notInclude(yield* stored(2), canary)
      }),
    )
  })

suite("SQLite", true, () =>
  Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir }))),
)

const postgresUrl = inject("postgresUrl")
if (postgresUrl !== undefined)
  suite("PostgreSQL", false, () =>
    Layer.unwrap(
      Effect.map(freshDatabase(postgresUrl), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused" }),
      ),
    ),
  )

describe("the SQLite files", () => {
  it.live("contain no plain credential after its encryption", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const bytes = () =>
        Fs.readdirSync(dataDir)
          .map((name) => Fs.readFileSync(Path.join(dataDir, name), "latin1"))
          .join("")
      const use = <A, E>(body: Effect.Effect<A, E, SqlClient.SqlClient>) =>
        Effect.provide(body, Database.layer({ databaseUrl: undefined, dataDir }), { local: true })
      yield* use(inserted(1))
      assert.include(bytes(), canary)
      yield* use(Effect.tap(started(newKey), () => Effect.sync(() => assert.notInclude(bytes(), canary))))
      assert.notInclude(bytes(), canary)
    }),
  )
})
