/** `Files` in the SQL database. Each read names the owner, so it never finds another user's file. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { AgentId, FileId, type SessionId } from "../domain/Ids.ts"
import { AgentDenied } from "../domain/Principal.ts"
import { purgeAtOnce } from "./Deletions.ts"
import { FileNotFound, type FileOwner, type FileQuotas, type FileReader, Files } from "./Files.ts"
import * as PageSql from "./PageSql.ts"
import { QuotaExceeded } from "./Quotas.ts"
import type { NewMessage } from "./Runs.ts"
import { UploadRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decode = Schema.decodeUnknownEffect(Schema.Array(UploadRow))
const encode = Schema.encodeEffect(UploadRow)
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: FileId })))
const decodeAgents = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ agent_id: AgentId })))
const decodeUsage = Schema.decodeUnknownEffect(
  Schema.Tuple([Schema.Struct({ files: Schema.Finite, bytes: Schema.Finite, org_bytes: Schema.Finite })]),
)

const mebibyte = 1024 * 1024

const exceeded = (resource: QuotaExceeded["resource"], limit: number) =>
  new QuotaExceeded({ resource, limit })

/** `add`: the files to add. */
const overQuota = (
  used: { readonly files: number; readonly bytes: number; readonly org_bytes: number },
  add: { readonly files: number; readonly bytes: number },
  quotas: FileQuotas,
): QuotaExceeded | undefined => {
  if (used.files + add.files > quotas.pendingFiles) return exceeded("unused uploads", quotas.pendingFiles)
  if (used.bytes + add.bytes > quotas.pendingBytes)
    return exceeded("MiB of unused uploads", Math.floor(quotas.pendingBytes / mebibyte))
  return used.org_bytes + add.bytes > quotas.orgBytes
    ? exceeded("MiB of files", Math.floor(quotas.orgBytes / mebibyte))
    : undefined
}

/** Binds the files of a message to it. Returns no row if one of them is deleted, or used in another session. */
export const bind = (
  sql: SqlClient.SqlClient,
  owner: FileOwner,
  sessionId: SessionId,
  { attachments = [], id }: Pick<NewMessage, "attachments" | "id">,
) => {
  const ids = attachments.map(({ fileId }) => fileId)
  const usable = sql`${sql.in("id", ids)} AND org_id = ${owner.orgId} AND user_id = ${owner.userId}
    AND deleted_at IS NULL AND (session_id IS NULL OR session_id = ${sessionId})`
  return sql`UPDATE files SET session_id = ${sessionId}, message_id = ${id}
    WHERE ${usable} AND (SELECT COUNT(*) FROM files WHERE ${usable}) = ${new Set(ids).size} RETURNING id`
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const usage = ({ orgId, userId }: FileOwner) =>
    Effect.map(
      Effect.flatMap(
        sql`SELECT COUNT(*) AS files, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes,
          (SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM files
            WHERE org_id = ${orgId} AND deleted_at IS NULL) AS org_bytes
        FROM files WHERE org_id = ${orgId} AND user_id = ${userId}
          AND message_id IS NULL AND deleted_at IS NULL`,
        decodeUsage,
      ),
      ([used]) => used,
    )

  const mayUpload: Files["Service"]["mayUpload"] = Effect.fnUntraced(function* (owner, quotas) {
    const over = overQuota(yield* usage(owner), { files: 1, bytes: 1 }, quotas)
    if (over !== undefined) return yield* over
  }, asStoreError("Files.mayUpload"))

  const add: Files["Service"]["add"] = Effect.fnUntraced(function* (files, quotas) {
    const [first] = files
    if (first === undefined) return
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const over = overQuota(yield* usage(first), { files: files.length, bytes }, quotas)
    if (over !== undefined) return yield* over
    const [row, ...rows] = yield* Effect.forEach(files, (file) => encode(file))
    if (row !== undefined) yield* sql`INSERT INTO files ${sql.insert([row, ...rows])}`.unprepared
  }, asStoreError("Files.add"))

  const find: Files["Service"]["find"] = Effect.fnUntraced(function* (owner, ids) {
    if (ids.length === 0) return []
    return yield* decode(
      yield* sql`SELECT * FROM files WHERE ${sql.in("id", ids)} AND org_id = ${owner.orgId}
        AND user_id = ${owner.userId} AND deleted_at IS NULL`.unprepared,
    )
  }, asStoreError("Files.find"))

  /** The agent of the file's session, if the reader may not use it. */
  const deniedAgent = Effect.fnUntraced(function* (sessionId: SessionId, agents: ReadonlyArray<AgentId>) {
    const [session] = yield* decodeAgents(yield* sql`SELECT agent_id FROM sessions WHERE id = ${sessionId}`)
    return session === undefined || agents.includes(session.agent_id) ? undefined : session.agent_id
  })

  const get: Files["Service"]["get"] = Effect.fnUntraced(function* (reader, fileId) {
    const [file] = yield* find(reader, [fileId])
    if (file === undefined) return yield* new FileNotFound({ fileId })
    const agents = reader.key?.agents ?? null
    if (agents === null || file.sessionId === null) return file
    const agentId = yield* deniedAgent(file.sessionId, agents)
    return agentId === undefined ? file : yield* new AgentDenied({ agentId })
  }, asStoreError("Files.get"))

  const reachable = ({ key }: FileReader) => {
    const agents = key?.agents ?? null
    return agents === null
      ? sql``
      : sql`AND (session_id IS NULL
          OR session_id IN (SELECT id FROM sessions WHERE ${sql.in("agent_id", agents)}))`
  }

  const list: Files["Service"]["list"] = Effect.fnUntraced(function* (owner, { before, limit }) {
    const older = before === undefined ? sql`` : sql`AND id < ${before}`
    const of = {
      table: "files",
      keys: ["id"],
      direction: "DESC",
      where: sql`org_id = ${owner.orgId} AND user_id = ${owner.userId} AND deleted_at IS NULL
        ${reachable(owner)} ${older}`,
      texts: ["filename"],
      limit,
    } as const
    return yield* PageSql.page(sql, of, decode, ({ fileId }) => fileId)
  }, asStoreError("Files.list"))

  const remove: Files["Service"]["delete"] = Effect.fnUntraced(function* (owner, fileId) {
    yield* get(owner, fileId)
    const rows = yield* sql`UPDATE files SET deleted_at = ${purgeAtOnce} WHERE id = ${fileId}
      AND org_id = ${owner.orgId} AND user_id = ${owner.userId} AND deleted_at IS NULL RETURNING id`
    if (rows.length === 0) return yield* new FileNotFound({ fileId })
  }, asStoreError("Files.delete"))

  const deleteUnused: Files["Service"]["deleteUnused"] = (createdBefore) =>
    sql`UPDATE files SET deleted_at = ${purgeAtOnce}
      WHERE message_id IS NULL AND deleted_at IS NULL AND created_at < ${createdBefore}`.pipe(
      Effect.asVoid,
      asStoreError("Files.deleteUnused"),
    )

  const known: Files["Service"]["known"] = Effect.fnUntraced(function* (ids) {
    if (ids.length === 0) return new Set<FileId>()
    const rows = yield* decodeIds(yield* sql`SELECT id FROM files WHERE ${sql.in("id", ids)}`.unprepared)
    return new Set(rows.map(({ id }) => id))
  }, asStoreError("Files.known"))

  return Files.of({
    mayUpload,
    add,
    get,
    find,
    list,
    delete: remove,
    deleteUnused,
    known,
  })
})

export const layerSql: Layer.Layer<Files, never, SqlClient.SqlClient> = Layer.effect(Files, make)
