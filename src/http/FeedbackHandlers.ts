/** The routes of feedback. A write counts in the metrics only if it changes a rating. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Reads } from "../admission/Reads.ts"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { FeedbackStore } from "../store/FeedbackStore.ts"
import { Quotas } from "../store/Quotas.ts"
import * as Measure from "../telemetry/Measure.ts"
import { answering } from "./ErrorMapping.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "feedback",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* FeedbackStore
    const quotas = yield* Quotas
    const reads = yield* Reads
    /** Authentication admits GET requests only. */
    const writer = Effect.tap(CurrentPrincipal, (principal) => reads.admit(principal))

    return handlers.handleAll({
      get: ({ params: { messageId } }) =>
        answering(
          Effect.gen(function* () {
            const feedback = yield* store.get(yield* CurrentPrincipal, messageId)
            return ok({ feedback: feedback ?? null })
          }),
        ),
      put: ({ params: { messageId }, payload: { comment = null, rating = null, score = null } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* writer
            yield* quotas.message(principal.orgId)
            const now = yield* Clock.currentTimeMillis
            const { change, feedback } = yield* store.put(
              principal,
              messageId,
              { rating, score, comment },
              now,
            )
            yield* Measure.rated(change)
            return ok({ feedback })
          }),
        ),
      withdraw: ({ params: { messageId } }) =>
        answering(
          Effect.gen(function* () {
            const change = yield* store.withdraw(yield* writer, messageId)
            yield* Measure.rated(change)
            return ok({ messageId, withdrawn: change.from !== undefined })
          }),
        ),
    })
  }),
)
