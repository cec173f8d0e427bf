/** The whole HTTP contract as one value. The server, clients and the OpenAPI document are built from it. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { AiSdkApi } from "./AiSdkApi.ts"
import { AgUiApi } from "./AgUiApi.ts"
import { AgentsApi } from "./AgentsApi.ts"
import { AutopilotApi } from "./AutopilotApi.ts"
import { ChatApi } from "./ChatApi.ts"
import { ConsoleApi } from "./ConsoleApi.ts"
import { DeletionApi } from "./DeletionApi.ts"
import { FeedbackApi } from "./FeedbackApi.ts"
import { FilesApi } from "./FilesApi.ts"
import { HealthApi } from "./HealthApi.ts"
import { KeysApi } from "./KeysApi.ts"
import { MeApi } from "./MeApi.ts"
import { MessagesApi } from "./MessagesApi.ts"
import { NotificationsApi } from "./NotificationsApi.ts"
import { OpenAiApi } from "./OpenAiApi.ts"
import { OperatorRunsApi } from "./OperatorRunsApi.ts"
import { RolloutApi } from "./RolloutApi.ts"
import { RuntimeApi } from "./RuntimeApi.ts"
import { SearchApi } from "./SearchApi.ts"
import { SessionsApi } from "./SessionsApi.ts"
import { ShadowApi } from "./ShadowApi.ts"
import { statusOfCode } from "../protocol/PublicError.ts"
import { completed } from "./openapi/Document.ts"
import { beforeRoute } from "./RouteErrors.ts"

const description = `Chat with agents over one stream of events.

1. Start a session with \`POST /api/v1/chat/start\`. The answer is a stream of server-sent events; its headers name the
   run and the session.
2. Show each event as it arrives. \`message\` events carry the answer, piece by piece. \`done\` or \`error\` is the last one.
3. If the connection breaks, read on with \`GET /api/v1/chat/runs/{runId}/events\` and the id of the last event that you
   have, in the header \`Last-Event-ID\`. The answer continues while no client reads it.
4. Send the next message with \`POST /api/v1/chat/sessions/{sessionId}\`.

Every request needs a token or an API key in \`Authorization: Bearer …\`, except those of the groups health and console.

An error answer has the body \`{"success": false, "error": {"code", "message"}}\`. Clients decide by \`code\`. Beside the errors
of each operation, any request can be refused before it reaches one:
${beforeRoute.map((code) => `\`${code}\` (${statusOfCode[code]})`).join(", ")}.`

const contract = HttpApi.make("crossfade")
  .add(ChatApi)
  .add(SessionsApi)
  .add(MessagesApi)
  .add(FilesApi)
  .add(SearchApi)
  .add(FeedbackApi)
  .add(DeletionApi)
  .add(OpenAiApi)
  .add(AiSdkApi)
  .add(AgUiApi)
  .add(AgentsApi)
  .add(KeysApi)
  .add(RuntimeApi)
  .add(AutopilotApi)
  .add(NotificationsApi)
  .add(ShadowApi)
  .add(RolloutApi)
  .add(OperatorRunsApi)
  .add(MeApi)
  .add(HealthApi)
  .add(ConsoleApi)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  // Decoding stops at a body's first problem, because 1 MiB can have two million. The edge looks for the others in
  // small bodies.
  .annotate(HttpApi.PayloadParseOptions, {})
  .annotateMerge(
    OpenApi.annotations({
      title: "Crossfade",
      version: "1",
      description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      servers: [{ url: "/", description: "The server that shows this description" }],
    }),
  )

/** The generator has no annotation for it. */
const contact = { name: "The operators of this server" }

export class Api extends contract.annotate(OpenApi.Transform, (spec) =>
  completed({ ...spec, info: { ...spec["info"], contact } }, contract.groups),
) {}
