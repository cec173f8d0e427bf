/** `Agents` in the SQL database. Each organisation can read an agent without an organisation; none can change it. */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Agent, AgentSettings } from "../domain/Agent.ts"
import { AgentId, type OrgId } from "../domain/Ids.ts"
import { AgentNotFound, Agents } from "./Agents.ts"
import * as PageSql from "./PageSql.ts"
import { QuotaExceeded } from "./Quotas.ts"
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

      const list: Agents["Service"]["list"] = Effect.fnUntraced(function* (orgId, { after, limit }) {
        const newer = after === undefined ? sql`` : sql`AND (created_at, id) > (${after[0]}, ${after[1]})`
        const of = {
          table: "agents",
          keys: ["created_at", "id"],
          direction: "ASC",
          where: sql`(org_id = ${orgId} OR org_id IS NULL) ${newer}`,
          texts: ["settings"],
          limit,
        } as const
        return yield* PageSql.page(sql, of, decode, ({ createdAt, id }) => [createdAt, id] as const)
      }, asStoreError("Agents.list"))

      const get = Effect.fnUntraced(function* (orgId: OrgId, id: AgentId) {
        const [agent] = yield* decode(
          yield* sql`SELECT * FROM agents WHERE id = ${id} AND (org_id = ${orgId} OR org_id IS NULL)`,
        )
        return agent ?? (yield* new AgentNotFound({ agentId: id }))
      }, asStoreError("Agents.get"))

      const versions = Effect.fnUntraced(function* (ids: ReadonlyArray<AgentId>) {
        const rows = yield* decodeVersions(
          // The number of ids varies, so the statement is not worth preparing.
          yield* sql`SELECT id, updated_at FROM agents WHERE ${sql.in("id", ids)}`.unprepared,
        )
        return new Map(rows.map((row) => [row.id, row.updated_at]))
      }, asStoreError("Agents.versions"))

      const create = Effect.fnUntraced(function* (
        orgId: OrgId,
        settings: AgentSettings,
        most: number,
        given?: AgentId,
      ) {
        const now = yield* Clock.currentTimeMillis
        const id = given ?? AgentId.make(yield* random.uuidV7())
        const agent: Agent = { id, orgId, settings, createdAt: now, updatedAt: now }
        const row = yield* encode(agent)
        // Two creations at the same moment may both take the last free place.
        const inserted = yield* sql`INSERT INTO agents (id, org_id, settings, created_at, updated_at)
          SELECT ${row.id}, ${orgId}, ${row.settings}, CAST(${now} AS BIGINT), CAST(${now} AS BIGINT)
          WHERE (SELECT COUNT(*) FROM agents WHERE org_id = ${orgId}) < ${most} RETURNING id`
        if (inserted.length === 0) return yield* new QuotaExceeded({ resource: "agents", limit: most })
        return agent
      }, asStoreError("Agents.create"))

      const update = Effect.fnUntraced(function* (orgId: OrgId, id: AgentId, settings: AgentSettings) {
        const now = yield* Clock.currentTimeMillis
        const json = yield* encodeSettings(settings)
        const [agent] = yield* decode(
          // Rises also within a millisecond, and if a clock that is ahead inserted the last change.
          yield* sql`UPDATE agents SET settings = ${json},
            updated_at = CASE WHEN updated_at < ${now} THEN ${now} ELSE updated_at + 1 END
          WHERE id = ${id} AND org_id = ${orgId} RETURNING *`,
        )
        return agent ?? (yield* new AgentNotFound({ agentId: id }))
      }, asStoreError("Agents.update"))

      return Agents.of({ list, get, versions, create, update })
    }),
  )
