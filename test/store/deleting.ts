/** Turns to delete, their purge, and the rows that are left. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { MessageId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { Purge } from "../../src/store/Purge.ts"
import { Runs } from "../../src/store/Runs.ts"
import { attempt, begun, completed, newTurn, textEntries, type Turn } from "./Turns.ts"

export const now = Date.now()

/** A completed turn after `parent`, in the session of `before` if there is one. */
export const answeredTurn = Effect.fnUntraced(function* (
  owner: Principal,
  content: string,
  before?: Turn,
  parent: MessageId | null = null,
) {
  const runs = yield* Runs
  const fresh = newTurn(owner, {
    content,
    at: now,
    ...(before === undefined ? {} : { session: before.session }),
  })
  const turn: Turn = { ...fresh, userMessage: { ...fresh.userMessage, parentMessageId: parent } }
  yield* begun(turn)
  yield* runs.append([{ id: turn.run.id, entries: textEntries(1, 3, content) }])
  yield* runs.recordAttempt(turn.run.id, attempt(1, false))
  const { ended, message } = completed(turn, `answer to ${content}`)
  yield* runs.end(ended, message)
  return { ...turn, answer: message.id }
})

export const purgeAll = Effect.fnUntraced(function* (deletedBy: number) {
  const purge = yield* Purge
  while ((yield* purge.step(deletedBy)) !== undefined);
})

export const rowsOf = Effect.fnUntraced(function* (table: string, column: string, id: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ deleted_at: number | null }>`SELECT * FROM ${sql(table)} WHERE ${sql(column)} = ${id}`
})
