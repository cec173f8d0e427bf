/** The chat routes that start a turn, from the checked request to the stream of its run. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Struct from "effect/Struct"
import { Api } from "../api/Api.ts"
import { messageOf } from "../api/MessageParts.ts"
import type { Answered, Sent, Started } from "../api/TurnBody.ts"
import { Chat } from "../chat/Chat.ts"
import { SessionQueue } from "../chat/SessionQueue.ts"
import type { SessionId } from "../domain/Ids.ts"
import type { InterruptAnswer } from "../domain/Interrupt.ts"
import { Quotas } from "../store/Quotas.ts"
import { ChatStreams, type PostRequest } from "./ChatStreams.ts"
import * as TurnFiles from "./TurnFiles.ts"

const { resume, send, start } = Api.groups.chat.endpoints

interface TurnRequest<Payload> extends PostRequest {
  readonly payload: Payload
}

interface SessionTurnRequest<Payload> extends TurnRequest<Payload> {
  readonly params: { readonly sessionId: SessionId }
}

/** The schema of the body requires one of the two forms. */
const answersOf = ({ answers, interruptId = "", payload = null }: Answered): ReadonlyArray<InterruptAnswer> =>
  answers ?? [{ interruptId, payload }]

const make = Effect.gen(function* () {
  const busy = yield* SessionQueue
  const chat = yield* Chat
  const quotas = yield* Quotas
  const streams = yield* ChatStreams
  const turnFiles = yield* TurnFiles.make

  return {
    start: (request: TurnRequest<typeof Started.Type>) => {
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
    send: (request: SessionTurnRequest<typeof Sent.Type>) => {
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
    resume: (request: SessionTurnRequest<Answered>) => {
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
  }
})

/** @effect-expect-leaking CurrentPrincipal | HttpServerRequest */
export class ChatTurns extends Context.Service<ChatTurns, Effect.Success<typeof make>>()(
  "crossfade/http/ChatTurns",
) {
  static readonly layer = Layer.effect(ChatTurns, make)
}
