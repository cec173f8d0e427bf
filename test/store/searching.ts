/** Turns that are searched, and searches for them. */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { SearchReader } from "../../src/chat/SearchReader.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Search, type SearchFilter } from "../../src/store/Search.ts"
import { begun, completed, newTurn, noon, type Turn } from "./Turns.ts"

export type Stores = Runs | Search | SqlClient.SqlClient

/** Indexes everything that is pending. */
export const index = Effect.flatMap(Search, ({ indexNext }) =>
  Effect.repeat(indexNext, { while: (count) => count > 0 }),
)

/** A turn with an answer, indexed. */
export const said = (owner: Principal, question: string, answer: string, previous?: Turn, at = noon) =>
  Effect.gen(function* () {
    const turn = yield* begun(
      newTurn(owner, {
        content: question,
        at,
        ...(previous === undefined ? {} : { session: previous.session }),
      }),
    )
    const { ended, message } = completed(turn, answer)
    yield* (yield* Runs).end(ended, message)
    yield* index
    return { ...turn, answer: message }
  })

export const find = (owner: Principal, text: string, filter: SearchFilter = {}, limit = 10) =>
  Effect.gen(function* () {
    return (yield* (yield* SearchReader).find(owner, text, filter, { limit })).entries
  })
