/**
 * The chat routes: `ChatStreams` handles the streaming ones; the others read the stores and `RunReader` and return
 * JSON.
 */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Struct from "effect/Struct"
import { Reads } from "../admission/Reads.ts"
import { messageOf } from "../api/MessageParts.ts"
import type { Answered } from "../api/TurnBody.ts"
import { Api } from "../api/Api.ts"
import { AccessEnds, CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import type { MessagesQuery, SessionsQuery } from "../api/SessionQuery.ts"
import { SessionQueue } from "../chat/SessionQueue.ts"
import { Chat } from "../chat/Chat.ts"
import { RunReader } from "../chat/RunReader.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { InterruptAnswer } from "../domain/Interrupt.ts"
import { FileLinks } from "../files/FileLinks.ts"
import { FeedbackStore } from "../store/FeedbackStore.ts"
import { Messages } from "../store/Messages.ts"
import { Quotas } from "../store/Quotas.ts"
import { Runs } from "../store/Runs.ts"
import { type SessionPage, SessionLists } from "../store/SessionLists.ts"
import { Sessions } from "../store/Sessions.ts"
import { RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import { withUrls } from "./AttachmentView.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { answering, invalid, respond } from "./ErrorMapping.ts"
import * as BrowserLink from "./BrowserLink.ts"
import * as FileResponse from "./FileResponse.ts"
import { SigningSecret } from "./SigningSecret.ts"
import * as ReadTicket from "./ReadTicket.ts"
import * as TurnFiles from "./TurnFiles.ts"

const { events, file, resume, send, start } = Api.groups.chat.endpoints

/** The schema of the body requires one of the two forms. */
const answersOf = ({ answers, interruptId = "", payload = null }: Answered): ReadonlyArray<InterruptAnswer> =>
  answers ?? [{ interruptId, payload }]

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
    const chat = yield* Chat
    const messages = yield* Messages
    const reader = yield* RunReader
    const runs = yield* Runs
    const busy = yield* SessionQueue
    const lists = yield* SessionLists
    const sessions = yield* Sessions
    const feedbacks = yield* FeedbackStore
    const files = yield* RuntimeFiles
    const quotas = yield* Quotas
    const reads = yield* Reads
    const streams = yield* ChatStreams
    const links = yield* FileLinks
    const turnFiles = yield* TurnFiles.make
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
      start: (request) => {
        const { agentId } = request.payload
        const { files: given, message = "" } = messageOf(request.payload)
        return Effect.flatMap(turnFiles.once(given), (attachments) =>
          streams.post(request, {
            route: "start",
            path: start.path,
            asked: [agentId, message, ...TurnFiles.asked(given)],
            begin: (caller) =>
              Effect.andThen(
                quotas.session(caller.principal.orgId),
                Effect.flatMap(attachments, (found) =>
                  chat.start(caller, { agentId, message, attachments: found }),
                ),
              ),
            mayWait: false,
            onBusy: (_, turn) => turn,
          }),
        )
      },
      send: (request) => {
        const { parentMessageId, retry } = request.payload
        const { files: given, ...text } = messageOf(request.payload)
        const sent = { ...Struct.omit(request.payload, ["attachments", "message", "parts"]), ...text }
        const { sessionId } = request.params
        return Effect.flatMap(turnFiles.once(given, sessionId), (attachments) =>
          streams.post(request, {
            route: "send",
            path: send.path,
            sessionId,
            // Fields of older versions are hashed as before, so that an update still recognises their keys.
            asked: [
              sessionId,
              text.message ?? null,
              parentMessageId ?? null,
              ...(parentMessageId === null ? ["first"] : []),
              ...(retry === true ? ["retry"] : []),
              ...TurnFiles.asked(given),
            ],
            begin: (caller) =>
              Effect.andThen(
                quotas.message(caller.principal.orgId),
                Effect.flatMap(attachments, (found) =>
                  chat.send(caller, sessionId, { ...sent, attachments: found }),
                ),
              ),
            mayWait: busy.mayWait,
            onBusy: (caller, turn) => busy.turn(caller.principal, sessionId, turn),
          }),
        )
      },
      resume: (request) => {
        const answers = answersOf(request.payload)
        const { message } = request.payload
        const { sessionId } = request.params
        return streams.post(request, {
          route: "resume",
          path: resume.path,
          sessionId,
          asked: [sessionId, JSON.stringify(answers), message ?? null],
          begin: (caller) =>
            Effect.andThen(
              quotas.message(caller.principal.orgId),
              chat.send(caller, sessionId, { answers, ...(message === undefined ? {} : { message }) }),
            ),
          mayWait: busy.mayWait,
          onBusy: (caller, turn) => busy.turn(caller.principal, sessionId, turn),
        })
      },
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
