/** The routes of OpenAI's protocol. Each request is the first turn of a new session with the history that it brings. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import type { ChatRequest } from "../api/OpenAiChatRequest.ts"
import { type Conversation, conversationOf } from "../api/OpenAiMessages.ts"
import type { Caller } from "../chat/Caller.ts"
import { Chat } from "../chat/Chat.ts"
import * as ReferredFiles from "../chat/ReferredFiles.ts"
import { chatChunks } from "../protocol/openai/ChatChunks.ts"
import { keyOf as keyOfFiles } from "../protocol/FileReference.ts"
import { completionOf } from "../protocol/openai/Completion.ts"
import { Quotas } from "../store/Quotas.ts"
import { ChatStreams } from "./ChatStreams.ts"
import { answering } from "./ErrorMapping.ts"
import * as OpenAiAnswers from "./OpenAiAnswers.ts"
import * as OpenAiModels from "./OpenAiModels.ts"

const { chat: chatRoute } = Api.groups.openai.endpoints

const askedOf = (model: string, { files, history, instructions, message }: Conversation) => [
  model,
  instructions ?? null,
  JSON.stringify([...history, ...keyOfFiles(files)]),
  message,
]

const optionsOf = ({ model, stream_options }: ChatRequest, hold: string | undefined) => ({
  model,
  includeUsage: stream_options?.include_usage === true,
  hold: hold === "true",
})

export const layer = (settings: { readonly heartbeatMs: number }) =>
  HttpApiBuilder.group(
    Api,
    "openai",
    Effect.fnUntraced(function* (handlers) {
      const answers = yield* OpenAiAnswers.make(settings.heartbeatMs)
      const chat = yield* Chat
      const models = yield* OpenAiModels.make
      const quotas = yield* Quotas
      const referred = yield* ReferredFiles.make
      const streams = yield* ChatStreams

      const begin = (model: string, conversation: Conversation) => (caller: Caller) =>
        Effect.gen(function* () {
          const { principal } = caller
          const agentId = yield* models.agentIdOf(principal, model)
          yield* quotas.session(principal.orgId)
          const { files, ...asked } = conversation
          const attachments = yield* referred(principal, files)
          return yield* chat.start(caller, { agentId, attachments, ...asked })
        })

      return handlers.handleAll({
        chat: ({ headers, payload }) => {
          const { model } = payload
          const conversation = conversationOf(payload.messages)
          return streams.post(
            { headers, query: {} },
            {
              route: "openai-chat",
              path: chatRoute.path,
              protocol: chatChunks(optionsOf(payload, headers["x-crossfade-hold"])),
              respond:
                payload.stream === true
                  ? answers.streamed
                  : answers.whole((run, answer, done) => completionOf(run, answer, done, model)),
              cancelsOnLeave: true,
              asked: askedOf(model, conversation),
              begin: begin(model, conversation),
              mayWait: false,
              onBusy: (_, turn) => turn,
            },
          )
        },
        models: () =>
          answering(
            Effect.map(Effect.flatMap(CurrentPrincipal, models.usable), (agents) => ({
              object: "list" as const,
              data: agents.map(OpenAiModels.modelOf),
            })),
          ),
        model: ({ params: { model } }) =>
          answering(
            Effect.map(
              Effect.flatMap(CurrentPrincipal, (principal) => models.agentOf(principal, model)),
              OpenAiModels.modelOf,
            ),
          ),
      })
    }),
  )
