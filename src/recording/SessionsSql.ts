/** `Sessions` in the SQL database. Every read of a session names its owner, so that nobody else's is ever found. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { MessageId, SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import { SessionNotFound, Sessions } from "./Sessions.ts"
import { MessageRow, SessionRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decodeSessions = Schema.decodeUnknownEffect(Schema.Array(SessionRow))
const decodeMessages = Schema.decodeUnknownEffect(Schema.Array(MessageRow))

export const layerSql: Layer.Layer<Sessions, never, SqlClient.SqlClient> = Layer.effect(
  Sessions,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const get = Effect.fnUntraced(function* (principal: Principal, id: SessionId) {
      const [session] = yield* decodeSessions(
        yield* sql`SELECT * FROM sessions
          WHERE id = ${id} AND org_id = ${principal.orgId} AND user_id = ${principal.userId}`,
      )
      return session ?? (yield* new SessionNotFound({ sessionId: id }))
    }, asStoreError("Sessions.get"))

    const list = Effect.fnUntraced(function* (
      principal: Principal,
      page: { readonly before?: SessionId; readonly limit: number },
    ) {
      const older = page.before === undefined ? sql`` : sql`AND id < ${page.before}`
      return yield* decodeSessions(
        yield* sql`SELECT * FROM sessions WHERE org_id = ${principal.orgId} AND user_id = ${principal.userId} ${older}
          ORDER BY id DESC LIMIT ${page.limit}`,
      )
    }, asStoreError("Sessions.list"))

    const messages = Effect.fnUntraced(function* (id: SessionId, limit: number) {
      const newestFirst = yield* decodeMessages(
        yield* sql`SELECT * FROM messages WHERE session_id = ${id} ORDER BY seq DESC LIMIT ${limit}`,
      )
      return newestFirst.toReversed()
    }, asStoreError("Sessions.messages"))

    const hasMessage = Effect.fnUntraced(function* (id: SessionId, messageId: MessageId) {
      const found = yield* sql`SELECT 1 AS found FROM messages WHERE id = ${messageId} AND session_id = ${id}`
      return found.length > 0
    }, asStoreError("Sessions.hasMessage"))

    return Sessions.of({ get, list, messages, hasMessage })
  }),
)
