/** The routes of users' runs. An answer is sent only after its audit entry is stored. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as Schema from "effect/Schema"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import type { RunView } from "../api/OperatorRunsApi.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { RunReader } from "../chat/RunReader.ts"
import type { RunId } from "../domain/Ids.ts"
import { withoutComment } from "../domain/ListedRun.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import { Audit } from "../store/Audit.ts"
import { OperatorRuns, type RunScope } from "../store/OperatorRuns.ts"
import { denied } from "./Authentication.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { currentActor } from "./CurrentActor.ts"
import { answering, orgNotFound, respond } from "./ErrorMapping.ts"

const defaultLimit = 50
const chainLimit = 1000

const has = (principal: Principal, permission: string): boolean =>
  missingPermissions(principal, [permission]).length === 0

const scopeOf = (principal: Principal): RunScope => ({
  orgId: has(principal, "operator:read") ? null : principal.orgId,
  agents: principal.key?.agents ?? null,
})

const mayReadContent = (principal: Principal, orgId: string): boolean =>
  has(principal, "operator:content") || (orgId === principal.orgId && has(principal, "admin:content"))

const contentDenied = (principal: Principal, orgId: string) =>
  respond(denied([orgId === principal.orgId ? "admin:content" : "operator:content"]))

const make = Effect.gen(function* () {
  const audit = yield* Audit
  const reader = yield* RunReader
  const runs = yield* OperatorRuns
  const streams = yield* ChatStreams

  const record = Effect.fnUntraced(function* (action: "runs.list" | "runs.read", after: Schema.Json) {
    const by = yield* currentActor
    const at = yield* Clock.currentTimeMillis
    yield* audit.add({ at, by, action, reason: null, before: {}, after })
  })

  const read = Effect.fnUntraced(function* (
    id: RunId,
    isContentAsked: boolean,
    page: { readonly cursor?: number; readonly limit?: number },
  ) {
    const principal = yield* CurrentPrincipal
    const found = yield* runs.get(scopeOf(principal), id)
    const { feedback, run } = found
    if (isContentAsked && !mayReadContent(principal, run.orgId))
      return yield* contentDenied(principal, run.orgId)
    const details = yield* reader.details(principal, found, { limit: chainLimit, ...page })
    const { attempts, chain, eventsKept, execution, next, times } = details
    const messages = isContentAsked ? yield* runs.messages(run) : undefined
    yield* record("runs.read", { runId: id, orgId: run.orgId, userId: run.userId, content: isContentAsked })
    const view: RunView = {
      ...run,
      // An upstream's failure text may repeat the user's.
      attempts: isContentAsked ? attempts : attempts.map((attempt) => ({ ...attempt, failure: null })),
      times,
      eventsKept,
      feedback: feedback === undefined ? null : withoutComment(feedback),
      content:
        messages === undefined ? null : { ...messages, comment: feedback?.comment ?? null, chain, execution },
      ...pageEnd({ next: isContentAsked ? next : null }),
    }
    return ok(view)
  })

  /** The stream is that of the run's user. */
  const events = Effect.fnUntraced(function* (id: RunId, request: Parameters<typeof streams.events>[0]) {
    const principal = yield* CurrentPrincipal
    const { run } = yield* runs.get(scopeOf(principal), id)
    const { orgId, userId } = run
    if (!mayReadContent(principal, orgId)) return yield* contentDenied(principal, orgId)
    yield* record("runs.read", { runId: id, orgId, userId, content: true })
    return yield* streams.events(request, id, { orgId, userId, permissions: ["chat:read"] })
  })

  return { record, read, events, list: runs.list }
})

export const layer = HttpApiBuilder.group(
  Api,
  "operatorRuns",
  Effect.fnUntraced(function* (handlers) {
    const { events, list, read, record } = yield* make
    return handlers.handleAll({
      list: ({ query: { cursor, limit, ...filter } }) =>
        answering(
          Effect.gen(function* () {
            const scope = scopeOf(yield* CurrentPrincipal)
            if (scope.orgId !== null && filter.org !== undefined && filter.org !== scope.orgId)
              return yield* orgNotFound
            const asked = {
              ...(cursor === undefined ? {} : { cursor }),
              ...(limit === undefined ? {} : { limit }),
            }
            const page = yield* list(scope, filter, pageOf(asked, defaultLimit))
            yield* record("runs.list", { orgId: scope.orgId, filter, ...asked, found: page.entries.length })
            return ok({ runs: page.entries, ...pageEnd(page) })
          }),
        ),
      get: ({ params: { runId }, query: { content, ...page } }) =>
        answering(read(runId, content === "true", page)),
      events: (request) => answering(events(request.params.runId, request)),
    })
  }),
)
