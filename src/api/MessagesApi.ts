/** The routes of single messages: another answer, an edit, and the place of a message in its session. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { MessageId } from "../domain/Ids.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { siblings } from "./BranchView.ts"
import { startsTurn } from "./ChatApi.ts"
import { ShownMessage } from "./SessionView.ts"
import { Edited } from "./TurnBody.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors, StreamsRun } from "./RouteErrors.ts"

const params = { messageId: MessageId }

const placed = Schema.Struct({
  ...ShownMessage.fields,
  siblings,
  leaf: MessageId.annotate({
    description: "The end of the newest branch below the message: `leaf` of the session's route shows it.",
  }),
})

const Regeneration = Schema.Struct({
  mode: Schema.optionalKey(ExecutionMode).annotate({
    description:
      "The mode to start in. It needs the permission `chat:mode`, and the rules of operators come first.",
  }),
})

const ownErrors = ["MESSAGE_NOT_FOUND", "REQUEST_IN_PROGRESS", "SESSION_NOT_FOUND"] as const

export class MessagesApi extends HttpApiGroup.make("messages")
  .add(
    HttpApiEndpoint.post("regenerate", "/:messageId/regenerate", {
      params,
      // No body is JSON's null: the mode is optional.
      payload: [Regeneration, Schema.Null],
      ...startsTurn,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(StreamsRun, "starts")
      .annotate(RouteErrors, ownErrors)
      .annotate(OpenApi.Summary, "Answer a question again")
      .annotate(
        OpenApi.Description,
        "Streams another answer to the same question. Name an answer or its question. The new answer stands beside the old one, with the same parent. If the question has no answer because its turn failed, this is a retry.",
      ),
    HttpApiEndpoint.post("edit", "/:messageId/edit", {
      params,
      payload: Edited,
      ...startsTurn,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(StreamsRun, "starts")
      .annotate(RouteErrors, ownErrors)
      .annotate(OpenApi.Summary, "Edit a message")
      .annotate(
        OpenApi.Description,
        "Stores another version of a message of the user and streams its answer. The new version has the same parent as the old one, so the model sees neither the old version nor the messages after it.",
      ),
    HttpApiEndpoint.get("message", "/:messageId", { params, success: success(placed), error: errorSchemas })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "MESSAGE_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Read a message")
      .annotate(
        OpenApi.Description,
        "One message with its siblings, and the end of the newest branch below it.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Edit messages, make other answers, and read the branches of a session.")
  .annotate(OpenApi.Title, "Messages")
  .prefix("/api/v1/chat/messages") {}
