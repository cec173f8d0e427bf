/** The route of the search. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { SearchReader } from "../chat/SearchReader.ts"
import { answering } from "./ErrorMapping.ts"

const defaultLimit = 20

export const layer = HttpApiBuilder.group(
  Api,
  "search",
  Effect.fnUntraced(function* (handlers) {
    const reader = yield* SearchReader

    return handlers.handleAll({
      search: ({ query: { agentId, archived = "false", q, ...page } }) =>
        answering(
          Effect.gen(function* () {
            const filter = { agentId, archived: archived === "all" ? undefined : archived === "true" }
            const found = yield* reader.find(yield* CurrentPrincipal, q, filter, pageOf(page, defaultLimit))
            return ok({ results: found.entries, ...pageEnd(found) })
          }),
        ),
    })
  }),
).pipe(Layer.provide(SearchReader.layer))
