/** The agents of the caller's organisation. What is secret in them (`authConfig`) is written, never read back. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Agent, AgentSettings } from "../domain/Agent.ts"
import { AgentId } from "../domain/Ids.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success, successPage } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./PublicError.ts"

const one = success(Agent)
const page = pagedBy("agents", Schema.Tuple([Schema.Int, AgentId]), 1000)

/** Only a name is needed; the rest is what an assistant without tools is. */
export const NewAgent = Schema.Struct({
  name: AgentSettings.fields.name,
  active: Schema.optionalKey(AgentSettings.fields.active),
  systemPrompt: Schema.optionalKey(AgentSettings.fields.systemPrompt),
  model: AgentSettings.fields.model,
  models: AgentSettings.fields.models,
  temperature: AgentSettings.fields.temperature,
  maxTokens: AgentSettings.fields.maxTokens,
  historyMaxTokens: AgentSettings.fields.historyMaxTokens,
  mcpServers: Schema.optionalKey(AgentSettings.fields.mcpServers),
  subAgents: Schema.optionalKey(AgentSettings.fields.subAgents),
})

/** Fields that are left out stay as they are. */
const AgentChange = Schema.Struct({ ...NewAgent.fields, name: Schema.optionalKey(AgentSettings.fields.name) })

export class AgentsApi extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: page.query,
      success: successPage(Schema.Array(Agent), page.answer),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(
        OpenApi.Summary,
        "The organisation's agents and those that every organisation has, oldest first",
      ),
    HttpApiEndpoint.get("get", "/:agentId", {
      params: { agentId: AgentId },
      success: one,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(OpenApi.Summary, "One agent"),
    HttpApiEndpoint.post("create", "/", { payload: NewAgent, success: one, error: errorSchemas })
      .annotate(RequiredPermissions, ["agents:write"])
      .annotate(OpenApi.Summary, "Make an agent"),
    HttpApiEndpoint.patch("update", "/:agentId", {
      params: { agentId: AgentId },
      payload: AgentChange,
      success: one,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:write"])
      .annotate(OpenApi.Summary, "Change an agent of the organisation's own"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/agents") {}
