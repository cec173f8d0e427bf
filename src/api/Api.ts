/** The whole HTTP contract as one value. The server, clients and the OpenAPI document are built from it. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { AiSdkApi } from "./AiSdkApi.ts"
import { AgentsApi } from "./AgentsApi.ts"
import { AutopilotApi } from "./AutopilotApi.ts"
import { ChatApi } from "./ChatApi.ts"
import { HealthApi } from "./HealthApi.ts"
import { KeysApi } from "./KeysApi.ts"
import { RolloutApi } from "./RolloutApi.ts"
import { RuntimeApi } from "./RuntimeApi.ts"
import { ShadowApi } from "./ShadowApi.ts"

export class Api extends HttpApi.make("crossfade")
  .add(ChatApi)
  .add(AiSdkApi)
  .add(AgentsApi)
  .add(KeysApi)
  .add(RuntimeApi)
  .add(AutopilotApi)
  .add(ShadowApi)
  .add(RolloutApi)
  .add(HealthApi)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  // Decoding stops at a body's first problem, because 1 MiB can have two million. The edge looks for the others in
  // small bodies.
  .annotate(HttpApi.PayloadParseOptions, {})
  .annotateMerge(
    OpenApi.annotations({
      title: "Crossfade",
      version: "1",
      description: "Live chat over an agent runtime and a direct LLM, as one stream of Agent2UI events.",
    }),
  ) {}
