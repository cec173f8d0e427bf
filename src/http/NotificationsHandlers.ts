/** The route that tries the webhooks of notifications. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { ok } from "../api/Envelope.ts"
import type { TestResult } from "../api/NotificationsApi.ts"
import { nameOf } from "../domain/Actor.ts"
import { Notifications } from "../notify/Notifications.ts"
import type { Tried } from "../notify/Webhooks.ts"
import { currentActor } from "./CurrentActor.ts"

const shown = ({ form, ms, name, result }: Tried): TestResult => ({
  target: name,
  form,
  delivered: result._tag === "delivered",
  status: result.status,
  reason: result._tag === "delivered" ? null : result.reason,
  ms,
})

export const layer = HttpApiBuilder.group(
  Api,
  "notifications",
  Effect.fnUntraced(function* (handlers) {
    const notifications = yield* Notifications
    return handlers.handleAll({
      test: () =>
        Effect.flatMap(currentActor, (by) => notifications.test(nameOf(by))).pipe(
          Effect.map((tried) => ok({ results: tried.map(shown) })),
        ),
    })
  }),
)
