/** The account of the caller. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { AccessEnds, CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"

export const layer = HttpApiBuilder.group(Api, "me", (handlers) =>
  handlers.handleAll({
    me: () =>
      Effect.gen(function* () {
        const { orgId, permissions, userId } = yield* CurrentPrincipal
        const ends = (yield* AccessEnds)()
        return ok({ orgId, userId, permissions, expiresAt: Number.isFinite(ends) ? Math.floor(ends) : null })
      }),
  }),
)
