/** The routes with which users organise their sessions. An export of another user's sessions adds an audit entry. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Reads } from "../admission/Reads.ts"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { RunReader } from "../chat/RunReader.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import { Audit } from "../store/Audit.ts"
import { Runs } from "../store/Runs.ts"
import { SessionLists } from "../store/SessionLists.ts"
import { currentActor } from "./CurrentActor.ts"
import { answering } from "./ErrorMapping.ts"
import * as ExportStream from "./ExportStream.ts"

const defaultLimit = 20

const makeCancel = Effect.gen(function* () {
  const lists = yield* SessionLists
  const reader = yield* RunReader
  const runs = yield* Runs

  return Effect.fnUntraced(function* (principal: Principal, sessionId: SessionId) {
    yield* lists.get(principal, sessionId)
    const runId = (yield* runs.runningOf(sessionId)) ?? null
    if (runId === null) return { sessionId, runId, cancelled: false }
    // The session may have been deleted meanwhile. Its run then counts as not cancelled.
    const cancelled = yield* Effect.catchTag(reader.cancel(principal, runId), "RunNotFound", () =>
      Effect.succeed(false),
    )
    return { sessionId, runId, cancelled }
  })
})

export const layer = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const audit = yield* Audit
    const lists = yield* SessionLists
    const reads = yield* Reads
    /** Authentication admits GET requests only. */
    const writer = Effect.tap(CurrentPrincipal, (principal) => reads.admit(principal))
    const cancel = yield* makeCancel
    const exportOf = yield* ExportStream.make

    return handlers.handleAll({
      counts: () => answering(Effect.map(Effect.flatMap(CurrentPrincipal, lists.counts), ok)),
      update: ({ params, payload: { title, ...marks } }) =>
        answering(
          Effect.gen(function* () {
            const changes = title === undefined ? marks : { ...marks, title: title.trim() }
            return ok(yield* lists.update(yield* writer, params.sessionId, changes))
          }),
        ),
      runs: ({ params, query }) =>
        answering(
          Effect.gen(function* () {
            const { id } = yield* lists.get(yield* CurrentPrincipal, params.sessionId)
            const page = yield* lists.runs(id, pageOf(query, defaultLimit))
            return ok({ runs: page.entries, ...pageEnd(page) })
          }),
        ),
      cancel: ({ params }) =>
        answering(
          Effect.gen(function* () {
            return ok(yield* cancel(yield* CurrentPrincipal, params.sessionId))
          }),
        ),
      export: ({ params }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* reads.file(principal)
            return yield* exportOf(principal, yield* lists.get(principal, params.sessionId))
          }),
        ),
      exportAll: () =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* reads.file(principal)
            return yield* exportOf(principal, undefined)
          }),
        ),
      exportOfUser: ({ params: { userId } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* reads.file(principal)
            yield* audit.add({
              at: yield* Clock.currentTimeMillis,
              by: yield* currentActor,
              action: "user.export",
              reason: null,
              before: null,
              after: { userId },
            })
            return yield* exportOf({ ...principal, userId }, undefined)
          }),
        ),
    })
  }),
)
