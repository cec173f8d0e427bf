/** The routes of the shadow report, read from `ShadowReader`. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { ShadowReader } from "../shadow/ShadowReader.ts"
import { answering } from "./ErrorMapping.ts"

const defaultLimit = 100
/** Six hours each, for a week. */
const defaultPoints = 28

export const layer = HttpApiBuilder.group(
  Api,
  "shadow",
  Effect.fnUntraced(function* (handlers) {
    const reader = yield* ShadowReader
    return handlers.handleAll({
      report: ({ query }) => answering(Effect.map(reader.report(query), ok)),
      series: ({ query: { points = defaultPoints, ...filter } }) =>
        answering(Effect.map(reader.series(filter, points), ok)),
      mismatches: ({ query }) =>
        answering(
          Effect.map(reader.mismatches(query.orgId, pageOf(query, defaultLimit)), (page) =>
            ok({ mismatches: page.entries, ...pageEnd(page) }),
          ),
        ),
    })
  }),
)
