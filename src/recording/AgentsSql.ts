/** `Agents` in the SQL database. An agent of nobody is read by every organisation and written by none. */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Agent, AgentSettings } from "../domain/Agent.ts"
import { AgentId, type OrgId } from "../domain/Ids.ts"
import { AgentNotFound, Agents } from "./Agents.ts"
import { AgentRow, SettingsJson } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decode = Schema.decodeUnknownEffect(Schema.Array(AgentRow))
const decodeVersions = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: AgentId, updated_at: Schema.Int })),
)
const encode = Schema.encodeEffect(AgentRow)
const encodeSettings = Schema.encodeEffect(SettingsJson)

export const layerSql: Layer.Layer<Agents, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
  Layer.effect(
    Agents,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const random = yield* SecureRandom.SecureRandom

      const list = Effect.fn("Agents.list")(function* (orgId: OrgId) {
        return yield* decode(
          yield* sql`SELECT * FROM agents WHERE org_id = ${orgId} OR org_id IS NULL ORDER BY created_at, id LIMIT 1000`,
        )
      }, asStoreError("Agents.list"))

      const get = Effect.fn("Agents.get")(function* (orgId: OrgId, id: AgentId) {
        const [agent] = yield* decode(
          yield* sql`SELECT * FROM agents WHERE id = ${id} AND (org_id = ${orgId} OR org_id IS NULL)`,
        )
        return agent ?? (yield* new AgentNotFound({ agentId: id }))
      }, asStoreError("Agents.get"))

      const versions = Effect.fn("Agents.versions")(function* (ids: ReadonlyArray<AgentId>) {
        const rows = yield* decodeVersions(
          // Of a different number of ids every time: not worth preparing.
          yield* sql`SELECT id, updated_at FROM agents WHERE ${sql.in("id", ids)}`.unprepared,
        )
        return new Map(rows.map((row) => [row.id, row.updated_at]))
      }, asStoreError("Agents.versions"))

      const create = Effect.fn("Agents.create")(function* (
        orgId: OrgId,
        settings: AgentSettings,
        given?: AgentId,
      ) {
        const now = yield* Clock.currentTimeMillis
        const id = given ?? AgentId.make(yield* random.uuidV7())
        const agent: Agent = { id, orgId, settings, createdAt: now, updatedAt: now }
        yield* sql`INSERT INTO agents ${sql.insert(yield* encode(agent))}`
        return agent
      }, asStoreError("Agents.create"))

      const update = Effect.fn("Agents.update")(function* (
        orgId: OrgId,
        id: AgentId,
        settings: AgentSettings,
      ) {
        const now = yield* Clock.currentTimeMillis
        const json = yield* encodeSettings(settings)
        const [agent] = yield* decode(
          // Rises also within a millisecond, and where the last change was made by a clock that is ahead.
          yield* sql`UPDATE agents SET settings = ${json},
            updated_at = CASE WHEN updated_at < ${now} THEN ${now} ELSE updated_at + 1 END
          WHERE id = ${id} AND org_id = ${orgId} RETURNING *`,
        )
        return agent ?? (yield* new AgentNotFound({ agentId: id }))
      }, asStoreError("Agents.update"))

      return Agents.of({ list, get, versions, create, update })
    }),
  )
