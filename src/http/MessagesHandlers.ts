/** The routes of single messages. A message finds its session, so a turn waits in the queue of that session. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { type GivenFiles, messageOf } from "../api/MessageParts.ts"
import { ok } from "../api/Envelope.ts"
import type { Caller } from "../chat/Caller.ts"
import { Chat } from "../chat/Chat.ts"
import type { Begun, OnceRefused } from "../chat/Idempotency.ts"
import { SessionQueue } from "../chat/SessionQueue.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { MessageId } from "../domain/Ids.ts"
import { missingPermissions } from "../domain/Principal.ts"
import { MessageFiles } from "../files/MessageFiles.ts"
import { FeedbackStore } from "../store/FeedbackStore.ts"
import { Messages } from "../store/Messages.ts"
import { Quotas } from "../store/Quotas.ts"
import { withUrls } from "./AttachmentView.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { answering, respond } from "./ErrorMapping.ts"
import * as TurnFiles from "./TurnFiles.ts"

const { edit, regenerate } = Api.groups.messages.endpoints

const mayNotChoose = respond({ code: "AUTH_PERMISSION_DENIED", message: "The token lacks: chat:mode." })

export const layer = HttpApiBuilder.group(
  Api,
  "messages",
  Effect.fnUntraced(function* (handlers) {
    const chat = yield* Chat
    const feedbacks = yield* FeedbackStore
    const messages = yield* Messages
    const messageFiles = yield* MessageFiles
    const queue = yield* SessionQueue
    const quotas = yield* Quotas
    const streams = yield* ChatStreams

    /** The parts of a turn that starts at a message. */
    const turnAt = (id: MessageId) => ({
      mayWait: queue.mayWait,
      onBusy: ({ principal }: Caller, turn: Effect.Effect<Begun, OnceRefused>) =>
        queue.mayWait
          ? Effect.flatMap(messages.find(principal, id), ({ session }) =>
              queue.turn(principal, session.id, turn),
            )
          : turn,
    })

    /** The session is read at the first use, because the message may not exist. */
    const filesOf = (id: MessageId, given: GivenFiles) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        Effect.cached(
          given.inputs === undefined || given.inputs.length === 0
            ? Effect.succeed<ReadonlyArray<Attachment>>([])
            : Effect.flatMap(messages.find(principal, id), ({ session }) =>
                TurnFiles.found(messageFiles, principal, given, session.id),
              ),
        ),
      )

    const counted =
      <A, E>(begin: (caller: Caller) => Effect.Effect<A, E>) =>
      (caller: Caller) =>
        Effect.andThen(quotas.message(caller.principal.orgId), begin(caller))

    return handlers.handleAll({
      regenerate: (request) =>
        Effect.gen(function* () {
          const mode = request.payload?.mode
          const { messageId } = request.params
          const missing = missingPermissions(yield* CurrentPrincipal, ["chat:mode"])
          if (mode !== undefined && missing.length > 0) return yield* mayNotChoose
          return yield* streams.post(request, {
            route: "regenerate",
            path: regenerate.path,
            asked: [messageId, mode ?? null],
            begin: counted((caller) => chat.regenerate(caller, messageId, { mode })),
            ...turnAt(messageId),
          })
        }),
      edit: (request) => {
        const { files: given, message = "" } = messageOf(request.payload)
        const { messageId } = request.params
        return Effect.flatMap(filesOf(messageId, given), (attachments) =>
          streams.post(request, {
            route: "edit",
            path: edit.path,
            asked: [
              messageId,
              message,
              ...(given.inputs === undefined ? [] : [JSON.stringify(given.inputs)]),
            ],
            begin: counted((caller) =>
              Effect.flatMap(attachments, (found) =>
                chat.edit(caller, messageId, {
                  message,
                  attachments: given.inputs === undefined ? undefined : found,
                }),
              ),
            ),
            ...turnAt(messageId),
          }),
        )
      },
      message: ({ params: { messageId } }) =>
        answering(
          Effect.gen(function* () {
            const { session } = yield* messages.find(yield* CurrentPrincipal, messageId)
            const { entries } = yield* messages.path(session.id, messageId, { limit: 1 })
            const feedback = (yield* feedbacks.ofMessages([messageId])).get(messageId) ?? null
            const leaf = yield* messages.leafOf(messageId)
            return ok({ ...withUrls(entries[0]!), feedback, leaf })
          }),
        ),
    })
  }),
)
