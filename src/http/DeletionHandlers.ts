/** The routes of deletion. An erasure is only a row here; `ErasureJob` does the work. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Reads } from "../admission/Reads.ts"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { Deletion } from "../deletion/Deletion.ts"
import type { Erased } from "../domain/Erasure.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import { Erasures } from "../store/Erasures.ts"
import { currentActor } from "./CurrentActor.ts"
import { answering, respond } from "./ErrorMapping.ts"

const defaultLimit = 20

const orgNotFound = respond({ code: "ORG_NOT_FOUND", message: "There is no such organisation." })

const erasesNone = respond({
  code: "AUTH_AGENT_DENIED",
  message: "An API key that is limited to some agents cannot erase a user or an organisation.",
})

const has = (principal: Principal, permission: string) =>
  missingPermissions(principal, [permission]).length === 0

/** Operators see the erasures of all organisations. */
const scopeOf = (principal: Principal) => (has(principal, "operator:read") ? undefined : principal.orgId)

export const layer = HttpApiBuilder.group(
  Api,
  "deletion",
  Effect.fnUntraced(function* (handlers) {
    const deletion = yield* Deletion
    const erasures = yield* Erasures
    const reads = yield* Reads
    /** Authentication admits GET requests only. */
    const writer = Effect.tap(CurrentPrincipal, (principal) => reads.admit(principal))

    const erase = Effect.fnUntraced(function* (erased: Erased) {
      const { key } = yield* CurrentPrincipal
      if (key !== undefined && key.agents !== null) return yield* erasesNone
      const change = { at: yield* Clock.currentTimeMillis, by: yield* currentActor }
      return ok(yield* erasures.request(erased, change))
    })

    return handlers.handleAll({
      deleteSession: ({ params: { sessionId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(writer, (principal) => deletion.session(principal, sessionId)),
            (done) => ok({ sessionId, ...done }),
          ),
        ),
      restoreSession: ({ params: { sessionId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(writer, (principal) => deletion.restoreSession(principal, sessionId)),
            () => ok({ sessionId, restored: true as const }),
          ),
        ),
      deleteMessage: ({ params: { messageId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(writer, (principal) => deletion.message(principal, messageId)),
            (done) => ok({ messageId, ...done }),
          ),
        ),
      restoreMessage: ({ params: { messageId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(writer, (principal) => deletion.restoreMessage(principal, messageId)),
            () => ok({ messageId, restored: true as const }),
          ),
        ),
      eraseUser: ({ params: { userId } }) =>
        answering(Effect.flatMap(writer, ({ orgId }) => erase({ orgId, userId }))),
      eraseOrganisation: ({ params: { orgId } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* writer
            const mayErase = principal.orgId === orgId && has(principal, "admin:write")
            if (!mayErase && !has(principal, "operator:write")) return yield* orgNotFound
            return yield* erase({ orgId, userId: null })
          }),
        ),
      erasures: ({ query }) =>
        answering(
          Effect.gen(function* () {
            const page = yield* erasures.list(scopeOf(yield* CurrentPrincipal), pageOf(query, defaultLimit))
            return ok({ erasures: page.entries, ...pageEnd(page) })
          }),
        ),
      erasure: ({ params: { erasureId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(CurrentPrincipal, (principal) => erasures.get(scopeOf(principal), erasureId)),
            ok,
          ),
        ),
    })
  }),
)
