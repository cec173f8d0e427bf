/**
 * `OrgUsage` in the SQL database. A turn neither writes it nor waits for it: every few seconds one statement writes
 * the additions of all organisations, and the total of an organisation is read at most every ten seconds. A killed
 * process loses the counts of its last seconds.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { OrgId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { OrgUsage, type Usage } from "./OrgUsage.ts"
import { asStoreError } from "./SqlStoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

const flushEvery = "5 seconds"
const staleAfterMs = 10_000
/** Each has three parameters, and a statement can bind 32 766. */
const orgsPerInsert = 1000

const none: Usage = { sessions: 0, bytes: 0 }
const plus = (a: Usage, b: Usage): Usage => ({ sessions: a.sessions + b.sessions, bytes: a.bytes + b.bytes })

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ sessions: Schema.Int, bytes: Schema.Int })),
)

const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ org_id: OrgId })))

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const clock = yield* Clock.clockWith(Effect.succeed)
  /** The database's counts plus the additions written since. */
  const known = new Map<OrgId, { readonly at: number; usage: Usage }>()
  let waiting = new Map<OrgId, Usage>()

  const count: OrgUsage["Service"]["count"] = (orgId, added) => {
    waiting.set(orgId, plus(waiting.get(orgId) ?? none, added))
  }

  const of: OrgUsage["Service"]["of"] = (orgId) =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      const found = known.get(orgId)
      if (found !== undefined && now - found.at < staleAfterMs)
        return Effect.succeed(plus(found.usage, waiting.get(orgId) ?? none))
      return Effect.map(read(orgId), (usage) => {
        known.set(orgId, { at: now, usage })
        return plus(usage, waiting.get(orgId) ?? none)
      })
    })

  const read = Effect.fnUntraced(function* (orgId: OrgId) {
    const [row] = yield* decode(yield* sql`SELECT sessions, bytes FROM org_usage WHERE org_id = ${orgId}`)
    return row ?? none
  }, asStoreError("OrgUsage.of"))

  const write = Effect.fnUntraced(function* (added: ReadonlyArray<readonly [OrgId, Usage]>) {
    const rows = added.map(([orgId, usage]) => ({ org_id: orgId, ...usage }))
    yield* Effect.forEach(
      Arr.chunksOf(rows, orgsPerInsert),
      (chunk) =>
        sql`INSERT INTO org_usage ${sql.insert(chunk)} ON CONFLICT (org_id) DO UPDATE SET
        sessions = org_usage.sessions + excluded.sessions, bytes = org_usage.bytes + excluded.bytes`
          .unprepared,
      { discard: true },
    ).pipe(sql.withTransaction)
  }, asStoreError("OrgUsage.flush"))

  const flush = Effect.suspend(() => {
    const taken = [...waiting]
    waiting = new Map()
    const now = monotonicMillis(clock)
    for (const [orgId, { at }] of known) if (now - at >= staleAfterMs) known.delete(orgId)
    if (taken.length === 0) return Effect.void
    for (const [orgId, added] of taken) {
      const found = known.get(orgId)
      if (found !== undefined) found.usage = plus(found.usage, added)
    }
    return Effect.catch(write(taken), () =>
      Effect.sync(() => {
        for (const [orgId, added] of taken) {
          known.delete(orgId)
          count(orgId, added)
        }
      }),
    )
  })

  const list = Effect.fnUntraced(function* (after: OrgId | undefined, limit: number) {
    // An organisation whose first turn has just ended is in the list at once.
    yield* flush
    const where = after === undefined ? sql`` : sql`WHERE org_id > ${after}`
    const rows = yield* decodeIds(
      yield* sql`SELECT org_id FROM org_usage ${where} ORDER BY org_id LIMIT ${limit + 1}`,
    )
    const entries = rows.slice(0, limit).map(({ org_id }) => org_id)
    return { entries, next: rows.length > limit ? (entries.at(-1) ?? null) : null }
  }, asStoreError("OrgUsage.list"))

  yield* Loop.every("org_usage", Schedule.spaced(flushEvery), flush)
  yield* Effect.addFinalizer(() => flush)
  return OrgUsage.of({ of, list, count, flush })
})

export const layerSql: Layer.Layer<OrgUsage, never, SqlClient.SqlClient> = Layer.effect(OrgUsage, make)
