/** `Erasures` in the SQL database. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Actor } from "../domain/Actor.ts"
import { type Erased, Erasure, ErasureProgress, noProgress } from "../domain/Erasure.ts"
import { ErasureId, type OrgId } from "../domain/Ids.ts"
import * as AuditSql from "./AuditSql.ts"
import { purgeAtOnce } from "./Deletions.ts"
import { ErasureNotFound, Erasures } from "./Erasures.ts"
import * as JobClaim from "./JobClaim.ts"
import * as PageSql from "./PageSql.ts"
import { asStoreError } from "./SqlStoreError.ts"

const job = "erase"
const jobsAPass = 100
const keysAStep = 50
const agentsAStep = 100
/** Replicas learn of a revocation within a second (`KnownKeys`), and only while the row is there. */
const revokedForMs = 2000

const ErasureRow = Schema.Struct({
  ...Erasure.fields,
  requestedBy: Schema.fromJsonString(Actor),
  progress: Schema.fromJsonString(ErasureProgress),
}).pipe(
  Schema.encodeKeys({
    orgId: "org_id",
    userId: "user_id",
    requestedBy: "requested_by",
    createdAt: "created_at",
    updatedAt: "updated_at",
    endedAt: "ended_at",
  }),
)
const encode = Schema.encodeEffect(ErasureRow)
const encodeProgress = Schema.encodeEffect(Schema.fromJsonString(ErasureProgress))
const decode = Schema.decodeUnknownEffect(Schema.Array(ErasureRow))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: Schema.String })))

/** The tables with the rows of a user, beside sessions and what belongs to them. */
const ofUsers = ["feedback", "token_spend", "deletions"] as const
/** The tables with figures of an organisation. */
const ofOrgs = ["shadow_pairs", "shadow_ledger", "org_usage"] as const

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const ids = yield* SecureRandom.SecureRandom
  const audit = yield* AuditSql.write

  const owned = ({ orgId, userId }: Erased) =>
    userId === null ? sql`org_id = ${orgId}` : sql`org_id = ${orgId} AND user_id = ${userId}`

  const request: Erasures["Service"]["request"] = Effect.fnUntraced(function* (erased, { at, by }) {
    const erasure: Erasure = {
      id: ErasureId.make(yield* ids.uuidV7()),
      ...erased,
      requestedBy: by,
      status: "pending",
      progress: noProgress,
      createdAt: at,
      updatedAt: at,
      endedAt: null,
    }
    const action = erased.userId === null ? "organisation.erase" : "user.erase"
    const after = { ...erased, erasureId: erasure.id }
    const row = yield* encode(erasure)
    yield* Effect.gen(function* () {
      const begun = yield* sql`INSERT INTO erasures ${sql.insert(row)} ON CONFLICT DO NOTHING RETURNING id`
      if (begun.length > 0) yield* audit({ at, by, action, reason: null, before: null, after })
    }).pipe(sql.withTransaction)
    const [newest] = yield* decode(
      yield* sql`SELECT * FROM erasures WHERE org_id = ${erased.orgId}
        AND COALESCE(user_id, '') = ${erased.userId ?? ""} ORDER BY id DESC LIMIT 1`,
    )
    return newest ?? erasure
  }, asStoreError("Erasures.request"))

  const within = (orgId: OrgId | undefined) => (orgId === undefined ? sql`1 = 1` : sql`org_id = ${orgId}`)

  const get: Erasures["Service"]["get"] = Effect.fnUntraced(function* (orgId, id) {
    const [found] = yield* decode(yield* sql`SELECT * FROM erasures WHERE id = ${id} AND ${within(orgId)}`)
    return found ?? (yield* new ErasureNotFound({ id }))
  }, asStoreError("Erasures.get"))

  const list: Erasures["Service"]["list"] = Effect.fnUntraced(function* (orgId, { before, limit }) {
    const older = before === undefined ? sql`` : sql`AND id < ${before}`
    const of = {
      table: "erasures",
      keys: ["id"],
      direction: "DESC",
      where: sql`${within(orgId)} ${older}`,
      texts: ["requested_by", "progress"],
      limit,
    } as const
    return yield* PageSql.page(sql, of, decode, ({ id }) => id)
  }, asStoreError("Erasures.list"))

  const open = Effect.suspend(
    () => sql`SELECT * FROM erasures WHERE ended_at IS NULL ORDER BY id LIMIT ${jobsAPass}`,
  ).pipe(Effect.flatMap(decode), asStoreError("Erasures.open"))

  const claim = (now: number, until: number) =>
    asStoreError("Erasures.claim")(JobClaim.claim(sql, job, now, until))
  const hold = (until: number) => asStoreError("Erasures.hold")(Effect.asVoid(JobClaim.hold(sql, job, until)))

  const record: Erasures["Service"]["record"] = Effect.fnUntraced(function* (id, progress, at) {
    yield* sql`UPDATE erasures SET status = 'running', progress = ${yield* encodeProgress(progress)},
      updated_at = ${at} WHERE id = ${id} AND ended_at IS NULL`
  }, asStoreError("Erasures.record"))

  /** Revocations are numbered one by one, as `ApiKeysSql` does. */
  const revokeKeys = Effect.fnUntraced(function* (erased: Erased, now: number) {
    const keys = yield* decodeIds(
      yield* sql`SELECT id FROM api_keys WHERE ${owned(erased)} AND revoked_at IS NULL
        ORDER BY id LIMIT ${keysAStep}`,
    )
    for (const { id } of keys) {
      yield* sql`UPDATE api_key_revocations SET last = last + 1`
      yield* sql`UPDATE api_keys SET revoked_at = ${now}, revocation = (SELECT last FROM api_key_revocations)
        WHERE id = ${id} AND revoked_at IS NULL`
    }
  }, sql.withTransaction)

  const eraseOrg = Effect.fnUntraced(function* (orgId: OrgId) {
    for (const table of ofOrgs) yield* sql`DELETE FROM ${sql(table)} WHERE org_id = ${orgId}`
    yield* sql`DELETE FROM breaker_transitions WHERE scope = ${orgId}`
    const agents = yield* sql`DELETE FROM agents WHERE id IN
      (SELECT id FROM agents WHERE org_id = ${orgId} LIMIT ${agentsAStep}) RETURNING id`
    return agents.length
  })

  const eraseRest: Erasures["Service"]["eraseRest"] = Effect.fnUntraced(function* (erased, now) {
    yield* revokeKeys(erased, now)
    const keys = yield* sql`DELETE FROM api_keys WHERE ${owned(erased)}
      AND revoked_at IS NOT NULL AND revoked_at <= ${now - revokedForMs} RETURNING id`
    const files = yield* sql`UPDATE files SET deleted_at = ${purgeAtOnce}
      WHERE ${owned(erased)} AND (deleted_at IS NULL OR deleted_at > ${purgeAtOnce}) RETURNING id`
    for (const table of ofUsers) yield* sql`DELETE FROM ${sql(table)} WHERE ${owned(erased)}`
    const agents = erased.userId === null ? yield* eraseOrg(erased.orgId) : 0
    return { files: files.length, apiKeys: keys.length, agents }
  }, asStoreError("Erasures.eraseRest"))

  const complete: Erasures["Service"]["complete"] = Effect.fnUntraced(
    function* (erasure, at) {
      const { id, orgId, userId } = erasure
      const tables = [
        "sessions",
        "files",
        "api_keys",
        ...ofUsers,
        ...(userId === null ? ["agents", ...ofOrgs] : []),
      ]
      const empty = tables.map(
        (table) => sql`NOT EXISTS (SELECT 1 FROM ${sql(table)} WHERE ${owned(erasure)})`,
      )
      const ended = yield* sql`UPDATE erasures SET status = 'completed', ended_at = ${at}, updated_at = ${at}
      WHERE id = ${id} AND ended_at IS NULL AND ${sql.and(empty)} RETURNING id`
      if (ended.length === 0) return false
      const action = userId === null ? "organisation.erased" : "user.erased"
      const after = { orgId, userId, erasureId: id }
      yield* audit({ at, by: erasure.requestedBy, action, reason: null, before: null, after })
      return true
    },
    sql.withTransaction,
    asStoreError("Erasures.complete"),
  )

  return Erasures.of({ request, get, list, open, claim, hold, record, eraseRest, complete })
})

export const layerSql: Layer.Layer<Erasures, never, SecureRandom.SecureRandom | SqlClient.SqlClient> =
  Layer.effect(Erasures, make)
