/**
 * Encrypts the stored credentials of MCP servers with the current data key: plain ones of older versions, and on
 * demand those of previous keys. Each agent is one compare-and-set, so replicas may run it at the same time as
 * operators change agents. At the start it also logs the number of stored addresses that today's rules refuse.
 */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { McpServer } from "../domain/Agent.ts"
import { type AllowedHosts, none } from "../domain/AllowedHost.ts"
import { AgentId, OrgId } from "../domain/Ids.ts"
import * as McpAddress from "../domain/McpAddress.ts"
import * as McpCredentials from "../domain/McpCredentials.ts"
import { nonceBytes } from "../domain/SealedValue.ts"
import { DataKeys } from "../persistence/DataKeys.ts"
import { SettingsJson } from "../store/SqlRows.ts"
import { asStoreError } from "../store/SqlStoreError.ts"

const pageSize = 200
const Row = Schema.Struct({ id: AgentId, org_id: Schema.NullOr(OrgId), settings: Schema.String })
type Row = typeof Row.Type
const decodeRows = Schema.decodeUnknownEffect(Schema.Array(Row))
const decodeSettings = Schema.decodeUnknownResult(SettingsJson)
const encodeSettings = Schema.encodeEffect(SettingsJson)

/**
 * Credentials by their state before the job, the number that was encrypted anew, and servers with a refused address.
 */
interface Counts {
  plain: number
  old: number
  unreadable: number
  sealed: number
  refused: number
}

const make = Effect.fnUntraced(function* (hosts: AllowedHosts) {
  const sql = yield* SqlClient.SqlClient
  const random = yield* SecureRandom.SecureRandom
  const keys = yield* DataKeys

  const renewed = Effect.fnUntraced(function* (
    row: Row,
    server: McpServer,
    withOld: boolean,
    counts: Counts,
  ) {
    const owner = { id: row.id, orgId: row.org_id }
    const state = McpCredentials.stateOf(keys.current, server)
    if (state === "none" || state === "current") return server
    const plain = McpCredentials.opened(keys.all, owner, server)
    if (Result.isFailure(plain)) {
      counts.unreadable += 1
      return server
    }
    counts[state] += 1
    if (keys.current === undefined || (state === "old" && !withOld)) return server
    return McpCredentials.sealed(keys.current, yield* random.randomBytes(nonceBytes), owner, plain.success)
  })

  const renewRow = Effect.fnUntraced(function* (row: Row, withOld: boolean, counts: Counts) {
    const settings = decodeSettings(row.settings)
    // The call that needs the unreadable row reports it.
    if (Result.isFailure(settings)) return
    const before = settings.success.mcpServers
    for (const { endpoint } of before)
      if (McpAddress.problemOf(endpoint, hosts) !== undefined) counts.refused += 1
    const mcpServers = yield* Effect.forEach(before, (server) => renewed(row, server, withOld, counts))
    const changed = mcpServers.filter((server, index) => server !== before[index]).length
    if (changed === 0) return
    const json = yield* encodeSettings({ ...settings.success, mcpServers })
    const now = yield* Clock.currentTimeMillis
    const written = yield* sql`UPDATE agents SET settings = ${json},
        updated_at = CASE WHEN updated_at < ${now} THEN ${now} ELSE updated_at + 1 END
      WHERE id = ${row.id} AND settings = ${row.settings} RETURNING id`
    if (written.length > 0) counts.sealed += changed
  })

  const page = (after: string) =>
    Effect.flatMap(
      sql`SELECT id, org_id, settings FROM agents WHERE id > ${after} AND settings LIKE ${'%"endpoint"%'}
        ORDER BY id LIMIT ${pageSize}`,
      decodeRows,
    ).pipe(asStoreError("CredentialSeals.page"))

  /** `withOld`: also encrypts credentials of previous keys anew. */
  const renew = Effect.fnUntraced(function* (withOld: boolean) {
    const counts: Counts = { plain: 0, old: 0, unreadable: 0, sealed: 0, refused: 0 }
    for (let rows = yield* page(""); rows.length > 0; rows = yield* page(rows.at(-1)!.id)) {
      for (const row of rows)
        yield* renewRow(row, withOld, counts).pipe(asStoreError("CredentialSeals.renew"))
    }
    return counts
  })

  /** SQLite's file contains the old bytes until it is rewritten. In PostgreSQL, vacuum is the operator's task. */
  const wipe = sql.onDialectOrElse({
    pg: () => Effect.void,
    orElse: () => Effect.andThen(sql`VACUUM`, sql`PRAGMA wal_checkpoint(TRUNCATE)`),
  })
  /** One process has the whole database, so no other replica lacks the current key. */
  const isAlone = sql.onDialectOrElse({ pg: () => false, orElse: () => true })

  return { renew, wipe, isAlone, hasKey: keys.current !== undefined }
})

const credentials = (count: number): string =>
  count === 1 ? "1 credential of an MCP server" : `${count} credentials of MCP servers`

/** Encrypts the credentials of previous keys and the plain ones. */
export const rotate = Effect.flatMap(make(none), ({ renew }) => renew(true))

const onStart = Effect.fnUntraced(
  function* (hosts: AllowedHosts) {
    const { hasKey, isAlone, renew, wipe } = yield* make(hosts)
    const { old, plain, refused, sealed, unreadable } = yield* renew(isAlone)
    if (sealed > 0) yield* Effect.logInfo(`encrypted ${credentials(sealed)} with the current data key`)
    if (plain > 0 && hasKey) yield* wipe
    if (plain > 0 && !hasKey)
      yield* Effect.logWarning(`${credentials(plain)} stored as plain text: set DATA_KEY to encrypt them`)
    if (old > 0 && !isAlone)
      yield* Effect.logWarning(
        `${credentials(old)} encrypted with a previous data key: run \`crossfade secrets rotate\` before you remove it`,
      )
    if (unreadable > 0)
      yield* Effect.logWarning(
        `${credentials(unreadable)} cannot be decrypted: the key is neither DATA_KEY nor in DATA_KEYS_PREVIOUS. Turns of these agents leave the runtime until the key is back or the credentials are sent again`,
      )
    if (refused > 0)
      yield* Effect.logWarning(
        `the addresses of ${refused} MCP servers are not allowed (MCP_ALLOWED_HOSTS): turns of their agents leave the runtime`,
      )
  },
  Effect.catchCause((cause) => Effect.logWarning("the stored credentials were not checked", cause)),
)

/**
 * Runs at the start, before the first request. A failing store does not stop the start, because the values are usable
 * as they are.
 */
export const layer = (
  hosts: AllowedHosts,
): Layer.Layer<never, never, SecureRandom.SecureRandom | SqlClient.SqlClient> =>
  Layer.effectDiscard(onStart(hosts))
