/** The routes of AG-UI. A thread is a session under the id that the client chose; its runs end with their connections. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import type { Caller } from "../chat/Caller.ts"
import * as ClientChat from "../chat/ClientChat.ts"
import type { AgentId } from "../domain/Ids.ts"
import { agUi } from "../protocol/ag-ui/AgUi.ts"
import { keyOf as keyOfFiles } from "../protocol/FileReference.ts"
import {
  answersOf,
  type Asked,
  askedOf,
  requestOf,
  type RunAgentInput,
} from "../protocol/ag-ui/RunAgentInput.ts"
import { ChatStreams } from "./ChatStreams.ts"

const { endpoints } = Api.groups.agUi

interface Request {
  readonly headers: { readonly "idempotency-key"?: string }
  readonly payload: RunAgentInput
}

/** Distinguishes the turns of a thread under one idempotency key. */
const keyOf = (input: RunAgentInput, { earlier, files, message }: Asked, agentId: AgentId | undefined) => {
  const rest = [earlier.map(({ text }) => text), answersOf(input), ...keyOfFiles(files)]
  return [input.threadId, agentId ?? null, message?.text ?? null, JSON.stringify(rest)]
}

export const layer = HttpApiBuilder.group(
  Api,
  "agUi",
  Effect.fnUntraced(function* (handlers) {
    const chat = yield* ClientChat.make
    const streams = yield* ChatStreams

    const send = (
      caller: Caller,
      input: RunAgentInput,
      { earlier, files, message }: Asked,
      agentId: AgentId | undefined,
    ) => {
      const answers = answersOf(input)
      const asked = {
        clientId: input.threadId,
        agentId,
        earlier,
        message: message?.text,
        files,
        path: message?.path ?? "messages",
        again: answers.length === 0,
        named: message?.id,
        answersTo: () => answers,
      }
      const sent = chat.send(caller, asked)
      if (answers.length === 0) return sent
      if (message === undefined) return chat.send(caller, { ...asked, earlier: undefined })
      const resumed = {
        ...asked,
        earlier: [...earlier, { ...message, answered: true }],
        message: undefined,
        files: [],
      }
      // The last message of the user is new if the session does not have it.
      return Effect.catchTag(chat.send(caller, resumed), "HistoryInvalid", () => sent)
    }

    const run = ({ headers, payload }: Request, path: string, agentId?: AgentId) => {
      const asked = askedOf(payload)
      return streams.post(
        { headers, query: {} },
        {
          route: "ag-ui",
          path,
          protocol: agUi(requestOf(payload)),
          cancelsOnLeave: true,
          asked: keyOf(payload, asked, agentId),
          begin: (caller) => send(caller, payload, asked, agentId),
          mayWait: true,
          onBusy: (caller, turn) => chat.onBusy(caller, payload.threadId, turn),
        },
      )
    }

    return handlers.handleAll({
      run: (request) => run(request, endpoints.run.path),
      runAgent: (request) => run(request, endpoints.runAgent.path, request.params.agentId),
    })
  }),
)
