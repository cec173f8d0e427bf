/** The routes of the AI SDK's `useChat`. A chat is a session under the id that the client chose. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import * as ClientChat from "../chat/ClientChat.ts"
import { RunReader } from "../chat/RunReader.ts"
import type { Interrupt, InterruptAnswer } from "../domain/Interrupt.ts"
import { keyOf as keyOfFiles } from "../protocol/FileReference.ts"
import { askedOf, payloadOf, type UiAsked, type UiRequest } from "../protocol/ai-sdk/UiRequest.ts"
import { uiStream } from "../protocol/ai-sdk/UiStream.ts"
import * as SafeJson from "../protocol/ai-sdk/SafeJson.ts"
import { Messages } from "../store/Messages.ts"
import { Sessions } from "../store/Sessions.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { uiMessagesOf } from "./UiHistory.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { answering } from "./ErrorMapping.ts"

const { endpoints } = Api.groups.aiSdk

const answersOf =
  ({ answers }: UiRequest, { approvals }: UiAsked) =>
  (pending: ReadonlyArray<Interrupt>): ReadonlyArray<InterruptAnswer> => [
    ...(answers ?? []),
    ...pending.flatMap(({ interruptId, responseSchema }) => {
      const approval = approvals.find((one) => one.interruptId === interruptId)
      return approval === undefined ? [] : [{ interruptId, payload: payloadOf(responseSchema, approval) }]
    }),
  ]

/** Distinguishes the turns of a chat under one idempotency key. */
const keyOf = (
  { agentId, answers, id }: UiRequest,
  { again, approvals, earlier, files, message, named }: UiAsked,
) => [
  id,
  agentId ?? null,
  message ?? null,
  JSON.stringify([again, earlier?.map(({ text }) => text), answers, approvals, ...keyOfFiles(files)]),
  ...(named === undefined ? [] : [named]),
]

const messageLimit = 1000

const nothingRuns = HttpServerResponse.empty({ status: 204 })

export const layer = HttpApiBuilder.group(
  Api,
  "aiSdk",
  Effect.fnUntraced(function* (handlers) {
    const chat = yield* ClientChat.make
    const reader = yield* RunReader
    const messages = yield* Messages
    const sessions = yield* Sessions
    const streams = yield* ChatStreams

    return handlers.handleAll({
      chat: ({ headers, payload }) => {
        const asked = askedOf(payload)
        const { agentId, id: clientId } = payload
        const message = { ...asked, clientId, agentId, answersTo: answersOf(payload, asked) }
        return streams.post(
          { headers, query: {} },
          {
            route: "ai-sdk",
            path: endpoints.chat.path,
            protocol: uiStream(asked.continued),
            asked: keyOf(payload, asked),
            begin: (caller) => chat.send(caller, message),
            mayWait: true,
            onBusy: (caller, turn) => chat.onBusy(caller, clientId, turn),
          },
        )
      },
      stream: ({ params: { id } }) =>
        answering(
          Effect.gen(function* () {
            const running = yield* chat.running(yield* CurrentPrincipal, id)
            return yield* running === undefined
              ? Effect.succeed(nothingRuns)
              : streams.replay(running, uiStream())
          }),
        ),
      messages: ({ params: { id }, query }) =>
        answering(
          Effect.gen(function* () {
            const session = yield* sessions.ofClient(yield* CurrentPrincipal, id)
            if (session === undefined) return ok({ messages: [], ...pageEnd({ next: null }) })
            const page = yield* messages.path(session.id, "latest", pageOf(query, messageLimit))
            const shown = ok({ messages: uiMessagesOf(page.entries), ...pageEnd(page) })
            // The parser of `useChat` refuses some names of fields.
            return HttpServerResponse.text(SafeJson.stringify(shown), { contentType: "application/json" })
          }),
        ),
      stop: ({ params: { id } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            const runId = (yield* chat.running(principal, id)) ?? null
            return ok({ runId, cancelled: runId !== null && (yield* reader.cancel(principal, runId)) })
          }),
        ),
    })
  }),
)
