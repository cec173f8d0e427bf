/** The rollout's routes: settings with their validator, changes with who made them, and the audit. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Api } from "../api/Api.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { Rollout } from "../decision/Rollout.ts"
import type { RolloutState } from "../decision/RolloutState.ts"
import { Audit } from "../store/Audit.ts"
import { currentActor } from "./CurrentActor.ts"
import { answering } from "./ErrorMapping.ts"

const defaultLimit = 50

const shown = ({ environment, etag, settings, sources, version }: RolloutState) =>
  HttpApiSchema.withHeaders({ body: ok({ ...settings, version, sources, environment }), headers: { etag } })

export const layer = HttpApiBuilder.group(
  Api,
  "rollout",
  Effect.fnUntraced(function* (handlers) {
    const rollout = yield* Rollout
    const audit = yield* Audit
    return handlers.handleAll({
      get: () => Effect.map(rollout.current, shown),
      change: ({ headers, payload: { reason, ...patch } }) =>
        answering(
          Effect.gen(function* () {
            return shown(
              yield* rollout.change(yield* currentActor, patch, { ifMatch: headers["if-match"], reason }),
            )
          }),
        ),
      audit: ({ query }) =>
        answering(
          Effect.map(audit.list(pageOf(query, defaultLimit)), (page) =>
            ok({ entries: page.entries, ...pageEnd(page) }),
          ),
        ),
    })
  }),
)
