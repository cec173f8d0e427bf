/** `Transitions` in the SQL database. Ids are UUIDv7 and made in order, so they sort by time. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { TransitionId } from "../domain/Ids.ts"
import { mapEntries } from "../domain/Page.ts"
import { ScopedTransition } from "../monitoring/breaker/Transition.ts"
import * as PageSql from "./PageSql.ts"
import { asStoreError } from "./SqlStoreError.ts"
import { Transitions } from "./Transitions.ts"

const Row = Schema.Struct({ transition: Schema.fromJsonString(ScopedTransition) })
const decode = Schema.decodeUnknownEffect(Schema.Array(Row))
const decodeWithId = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ ...Row.fields, id: TransitionId })),
)
const encode = Schema.encodeEffect(Row)

const maxTransitions = 1000
/** The scope of the global breaker; no organisation's id is empty. */
const all = ""

export const layerSql: Layer.Layer<Transitions, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
  Layer.effect(
    Transitions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ids = yield* SecureRandom.SecureRandom

      const deleteOld = sql`DELETE FROM breaker_transitions
        WHERE id < (SELECT id FROM breaker_transitions ORDER BY id DESC LIMIT 1 OFFSET ${maxTransitions - 1})
        AND id NOT IN (SELECT MAX(id) FROM breaker_transitions GROUP BY scope)`

      const add: Transitions["Service"]["add"] = Effect.fnUntraced(function* (transition) {
        const row = yield* encode({ transition })
        const scope = transition.orgId ?? all
        yield* sql`INSERT INTO breaker_transitions ${sql.insert({
          id: yield* ids.uuidV7(),
          scope,
          at: transition.at,
          ...row,
        })}`
        yield* deleteOld
      }, asStoreError("Transitions.add"))

      const rows = Effect.fnUntraced(function* (found: ReadonlyArray<unknown>) {
        return (yield* decode(found)).map(({ transition }) => transition)
      })

      const list: Transitions["Service"]["list"] = Effect.fnUntraced(function* ({ before, limit }) {
        const of = {
          table: "breaker_transitions",
          keys: ["id"],
          direction: "DESC",
          where: sql.and(before === undefined ? [] : [sql`id < ${before}`]),
          texts: ["transition"],
          limit,
        } as const
        const page = yield* PageSql.page(sql, of, decodeWithId, ({ id }) => id)
        return mapEntries(page, ({ transition }) => transition)
      }, asStoreError("Transitions.list"))

      const last = asStoreError("Transitions.last")(
        Effect.flatMap(
          sql`SELECT transition FROM breaker_transitions
            WHERE id IN (SELECT MAX(id) FROM breaker_transitions GROUP BY scope) ORDER BY id`,
          rows,
        ),
      )

      return Transitions.of({ add, list, last })
    }),
  )
