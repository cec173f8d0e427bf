/**
 * `ApiKeys` in the SQL database. Each method for callers names the organisation, so it never finds another one's key.
 */
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { ApiKey } from "../domain/ApiKey.ts"
import type { ApiKeyId } from "../domain/Ids.ts"
import { Batch } from "../persistence/Batch.ts"
import { ApiKeys, KeyNotFound, type KeyScope, mostKeysOfOrg, TooManyKeys } from "./ApiKeys.ts"
import * as AuditSql from "./AuditSql.ts"
import * as PageSql from "./PageSql.ts"
import { asStoreError } from "./SqlStoreError.ts"

const ApiKeyRow = Schema.Struct({
  ...ApiKey.fields,
  permissions: Schema.fromJsonString(ApiKey.fields.permissions),
  agents: Schema.NullOr(Schema.fromJsonString(ApiKey.fields.agents.members[0])),
}).pipe(
  Schema.encodeKeys({
    orgId: "org_id",
    userId: "user_id",
    ratePerMinute: "rate_per_minute",
    expiresAt: "expires_at",
    createdAt: "created_at",
    createdWith: "created_with",
    revokedAt: "revoked_at",
    lastUsedAt: "last_used_at",
  }),
)
const Hashed = Schema.Struct({ hash: Schema.String })
const RevocationRow = Schema.Struct({
  hash: Schema.String,
  revokedAt: Schema.Int,
  number: Schema.Int,
}).pipe(Schema.encodeKeys({ revokedAt: "revoked_at", number: "revocation" }))

const encode = Schema.encodeEffect(ApiKeyRow)
const decode = Schema.decodeUnknownEffect(Schema.Array(ApiKeyRow))
const decodeHashes = Schema.decodeUnknownEffect(Schema.Array(Hashed))
const decodeRevocations = Schema.decodeUnknownEffect(Schema.Array(RevocationRow))
const decodeLast = Schema.decodeUnknownEffect(Schema.Tuple([Schema.Struct({ last: Schema.Int })]))
const decodeCount = Schema.decodeUnknownEffect(Schema.Tuple([Schema.Struct({ keys: Schema.Int })]))

/** The key in the audit, without its changing state. An erasure does not change the audit, so the user's text is left out. */
const described = ({ lastUsedAt: _used, name: _name, revokedAt: _revoked, ...key }: ApiKey) => key

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const batch = yield* Batch
  const audit = yield* AuditSql.write

  const within = ({ orgId, userId }: KeyScope) =>
    userId === undefined ? sql`org_id = ${orgId}` : sql`org_id = ${orgId} AND user_id = ${userId}`

  // One change at a time; otherwise two concurrent creations could both take the last free place.
  const create: ApiKeys["Service"]["create"] = Effect.fnUntraced(function* (key, hash, change) {
    const row = yield* encode(key)
    yield* Effect.gen(function* () {
      yield* sql`UPDATE api_key_revocations SET last = last`
      const [{ keys }] = yield* decodeCount(
        yield* sql`SELECT COUNT(*) AS keys FROM api_keys WHERE org_id = ${key.orgId}
          AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${key.createdAt})`,
      )
      if (keys >= mostKeysOfOrg) return yield* new TooManyKeys()
      yield* sql`INSERT INTO api_keys ${sql.insert({ ...row, hash })}`
      yield* audit({ ...change, action: "key.create", reason: null, before: null, after: described(key) })
    }).pipe(sql.withTransaction)
  }, asStoreError("ApiKeys.create"))

  const list: ApiKeys["Service"]["list"] = Effect.fnUntraced(function* (scope, { before, limit }) {
    const older = before === undefined ? sql`` : sql`AND id < ${before}`
    const of = {
      table: "api_keys",
      keys: ["id"],
      direction: "DESC",
      where: sql`${within(scope)} ${older}`,
      texts: ["org_id", "user_id", "name", "permissions", "agents"],
      limit,
    } as const
    return yield* PageSql.page(sql, of, decode, ({ id }) => id)
  }, asStoreError("ApiKeys.list"))

  const get = Effect.fnUntraced(function* (scope: KeyScope, id: ApiKeyId) {
    const [key] = yield* decode(yield* sql`SELECT * FROM api_keys WHERE id = ${id} AND ${within(scope)}`)
    return key ?? (yield* new KeyNotFound({ id }))
  })

  const revoke: ApiKeys["Service"]["revoke"] = Effect.fnUntraced(function* (scope, id, change) {
    const key = yield* get(scope, id)
    yield* Effect.gen(function* () {
      yield* sql`UPDATE api_key_revocations SET last = last + 1`
      const revoked = yield* sql`UPDATE api_keys
        SET revoked_at = ${change.at}, revocation = (SELECT last FROM api_key_revocations)
        WHERE id = ${id} AND revoked_at IS NULL RETURNING id`
      if (revoked.length > 0)
        yield* audit({
          ...change,
          action: "key.revoke",
          reason: null,
          before: described(key),
          after: { revokedAt: change.at },
        })
    }).pipe(sql.withTransaction)
    return yield* get(scope, id)
  }, asStoreError("ApiKeys.revoke"))

  // The number of hashes varies, so the statement is not worth preparing.
  const find: ApiKeys["Service"]["find"] = Effect.fnUntraced(function* (hashes) {
    const rows = yield* sql`SELECT * FROM api_keys WHERE ${sql.in("hash", hashes)}`.unprepared
    const keys = yield* decode(rows)
    const found = yield* decodeHashes(rows)
    return new Map(found.flatMap(({ hash }, place) => (keys[place] ? [[hash, keys[place]] as const] : [])))
  }, asStoreError("ApiKeys.find"))

  const lastRevocation = Effect.suspend(() => sql`SELECT last FROM api_key_revocations`).pipe(
    Effect.flatMap(decodeLast),
    Effect.map(([{ last }]) => last),
    asStoreError("ApiKeys.lastRevocation"),
  )

  const revokedAfter: ApiKeys["Service"]["revokedAfter"] = (number, limit) =>
    sql`SELECT hash, revoked_at, revocation FROM api_keys WHERE revocation > ${number}
      ORDER BY revocation LIMIT ${limit}`.pipe(
      Effect.flatMap(decodeRevocations),
      asStoreError("ApiKeys.revokedAfter"),
    )

  const recordUses: ApiKeys["Service"]["recordUses"] = (uses) => {
    // All replicas use the same order; otherwise two could wait for each other's rows.
    const sorted = uses.toSorted((one, other) => (one.id < other.id ? -1 : 1))
    const steps = sorted.map(({ at, id }) => ({
      statement: sql`UPDATE api_keys SET last_used_at = ${at}
        WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at < ${at})`,
    }))
    return Effect.asVoid(batch.run(steps)).pipe(asStoreError("ApiKeys.recordUses"))
  }

  return ApiKeys.of({ create, list, revoke, find, lastRevocation, revokedAfter, recordUses })
})

export const layerSql: Layer.Layer<ApiKeys, never, Batch | SecureRandom.SecureRandom | SqlClient.SqlClient> =
  Layer.effect(ApiKeys, make)
