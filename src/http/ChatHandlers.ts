/**
 * The chat routes: `ChatTurns` and `ChatStreams` handle the streaming ones; the others read the stores and `RunReader`
 * and return JSON.
 */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Reads } from "../admission/Reads.ts"
import { Api } from "../api/Api.ts"
import { AccessEnds, CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import type { MessagesQuery, SessionsQuery } from "../api/SessionQuery.ts"
import { RunReader } from "../chat/RunReader.ts"
import type { SessionId } from "../domain/Ids.ts"
import { FileLinks } from "../files/FileLinks.ts"
import { FeedbackStore } from "../store/FeedbackStore.ts"
import { Messages } from "../store/Messages.ts"
import { Runs } from "../store/Runs.ts"
import { type SessionPage, SessionLists } from "../store/SessionLists.ts"
import { Sessions } from "../store/Sessions.ts"
import { RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import { withUrls } from "./AttachmentView.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { ChatTurns } from "./ChatTurns.ts"
import { answering, invalid, respond } from "./ErrorMapping.ts"
import * as BrowserLink from "./BrowserLink.ts"
import * as FileResponse from "./FileResponse.ts"
import { SigningSecret } from "./SigningSecret.ts"
import * as ReadTicket from "./ReadTicket.ts"

const { events, file } = Api.groups.chat.endpoints

const defaultLimit = 20
const noSuchMessage = respond(
  invalid([{ path: "query.before", message: "There is no such message in the session" }]),
)

/** Without `order`, a cursor continues the order of its page. */
const sessionsPageOf = ({
  archived = false,
  order,
  pinned,
  ...page
}: typeof SessionsQuery.Type): SessionPage => ({
  ...pageOf(page, defaultLimit),
  archived,
  pinned,
  order: order ?? (typeof page.cursor === "string" ? "created" : "activity"),
})

const messageLimit = 1000
const chainLimit = 1000

export const layer = HttpApiBuilder.group(
  Api,
  "chat",
  Effect.fnUntraced(function* (handlers) {
    const messages = yield* Messages
    const reader = yield* RunReader
    const runs = yield* Runs
    const lists = yield* SessionLists
    const sessions = yield* Sessions
    const feedbacks = yield* FeedbackStore
    const files = yield* RuntimeFiles
    const reads = yield* Reads
    const streams = yield* ChatStreams
    const turns = yield* ChatTurns
    const links = yield* FileLinks
    const { secret } = yield* SigningSecret

    /** Null if the session has no such message. */
    const positionOf = Effect.fnUntraced(function* (
      id: SessionId,
      { before, cursor }: typeof MessagesQuery.Type,
    ) {
      const at = typeof before === "string" ? yield* lists.positionOf(id, before) : (before ?? cursor)
      if (at !== undefined) return { cursor: at }
      return before === undefined ? {} : null
    })

    return handlers.handleAll({
      start: turns.start,
      send: turns.send,
      resume: turns.resume,
      events: (request) => streams.events(request, request.params.runId),
      ticket: ({ params: { runId } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* runs.get(principal, runId)
            const made = yield* ReadTicket.mint(secret, principal, runId, (yield* AccessEnds)())
            const url = `${events.path.replace(":runId", runId)}?ticket=${made.ticket}`
            return HttpServerResponse.jsonUnsafe(ok({ ...made, url }), {
              headers: { "cache-control": "no-store" },
            })
          }),
        ),
      sessions: ({ query }) =>
        answering(
          Effect.gen(function* () {
            const page = yield* lists.list(yield* CurrentPrincipal, sessionsPageOf(query))
            return ok({ sessions: page.entries, ...pageEnd(page) })
          }),
        ),
      session: ({ params, query }) =>
        answering(
          Effect.gen(function* () {
            const session = yield* lists.get(yield* CurrentPrincipal, params.sessionId)
            const { leaf, ...asked } = query
            const cursor = yield* positionOf(session.id, asked)
            if (cursor === null) return yield* noSuchMessage
            const limits = pageOf({ ...asked, ...cursor }, messageLimit)
            const page = yield* leaf === undefined
              ? sessions.messages(session.id, limits)
              : messages.path(session.id, leaf, limits)
            const feedback = yield* feedbacks.ofMessages(page.entries.map(({ id }) => id))
            const shown = page.entries.map((message) => ({
              ...withUrls(message),
              feedback: feedback.get(message.id) ?? null,
            }))
            return ok({ ...session, messages: shown, ...pageEnd(page) })
          }),
        ),
      run: ({ params, query }) =>
        answering(
          Effect.gen(function* () {
            const page = { limit: chainLimit, ...query }
            const { next, ...account } = yield* reader.account(yield* CurrentPrincipal, params.runId, page)
            return ok({ ...account, ...pageEnd({ next }) })
          }),
        ),
      cancel: ({ params: { runId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(CurrentPrincipal, (who) => reader.cancel(who, runId)),
            (cancelled) => ok({ runId, cancelled }),
          ),
        ),
      file: ({ params: { fileId, runId } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* reads.file(principal)
            yield* runs.get(principal, runId)
            return yield* FileResponse.make(files, yield* runs.file(runId, fileId))
          }),
        ),
      fileTicket: ({ params: { fileId, runId } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            yield* runs.get(principal, runId)
            if ((yield* runs.file(runId, fileId)) === undefined) return yield* FileResponse.notFound
            const path = file.path.replace(":runId", runId).replace(":fileId", encodeURIComponent(fileId))
            return yield* BrowserLink.make(links, principal, path)
          }),
        ),
    })
  }),
)
