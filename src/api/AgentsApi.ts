/** The agents of the caller's organisation. The API accepts credentials (`authConfig`) and never returns them. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Agent, AgentSettings, AuthConfig, listOf, McpServer, modelsOf, SubAgent } from "../domain/Agent.ts"
import { AttachmentKind } from "../domain/Attachment.ts"
import { AgentId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success, successPage } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"

const McpServerView = Schema.Struct({
  ...Struct.omit(McpServer.fields, ["authConfig"]),
  hasAuthConfig: Schema.Boolean.annotate({ description: "Credentials are stored. They are never shown." }),
})
export type McpServerView = typeof McpServerView.Type

const kinds = Schema.Array(AttachmentKind)

export const AgentView = Schema.Struct({
  ...Agent.fields,
  settings: Schema.Struct({ ...AgentSettings.fields, mcpServers: Schema.Array(McpServerView) }),
  attachments: Schema.Struct({
    runtime_orchestrator: kinds,
    direct_llm: kinds,
  } satisfies Record<ExecutionMode, Schema.Top>).annotate({
    description:
      "The kinds of files that each mode takes. A message goes only to a mode that takes all its files. Empty: the mode takes none, or is not configured.",
  }),
})
export type AgentView = typeof AgentView.Type

const NewMcpServer = Schema.Struct({
  ...McpServer.fields,
  authConfig: Schema.optionalKey(
    Schema.NullOr(AuthConfig).annotate({
      description:
        "Credentials, encrypted in the store. Absent: the server with this id and endpoint keeps its own. Null removes them.",
    }),
  ),
})
export type NewMcpServer = typeof NewMcpServer.Type

/**
 * Some providers put the name in a path, so it must not contain characters with a meaning in a path, a query or a
 * header. Stored agents keep older names.
 */
const ModelName = Schema.String.check(
  Schema.isPattern(/^(?!.*\.\.)(?!(?:.*\/)?\.(?:\/|$))[\w.:@/+~=,()[\]-]{1,200}$/, {
    message: "Expected 1 to 200 letters, digits and . _ : @ / + ~ = , ( ) [ ] - without .. in them",
  }),
)

const NewSubAgent = Schema.Struct({ ...SubAgent.fields, model: Schema.optionalKey(ModelName) })

const one = success(AgentView)
export const agentsPage = pagedBy("agents", Schema.Tuple([Schema.Int, AgentId]), 1000)

/** Only the name is required; the defaults are an assistant without tools. */
export const NewAgent = Schema.Struct({
  name: AgentSettings.fields.name,
  active: Schema.optionalKey(AgentSettings.fields.active),
  systemPrompt: Schema.optionalKey(AgentSettings.fields.systemPrompt),
  model: Schema.optionalKey(ModelName),
  models: Schema.optionalKey(modelsOf(ModelName)),
  temperature: AgentSettings.fields.temperature,
  maxTokens: AgentSettings.fields.maxTokens,
  historyMaxTokens: AgentSettings.fields.historyMaxTokens,
  runtime: AgentSettings.fields.runtime,
  mcpServers: Schema.optionalKey(listOf(NewMcpServer)),
  subAgents: Schema.optionalKey(listOf(NewSubAgent)),
})

/** Absent fields stay unchanged. */
export const AgentChange = Schema.Struct({
  ...NewAgent.fields,
  name: Schema.optionalKey(AgentSettings.fields.name),
})

export class AgentsApi extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: agentsPage.query,
      success: successPage(Schema.Array(AgentView), agentsPage.answer),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(OpenApi.Summary, "List agents")
      .annotate(
        OpenApi.Description,
        "The agents of the organisation and those that every organisation has, oldest first.",
      ),
    HttpApiEndpoint.get("get", "/:agentId", {
      params: { agentId: AgentId },
      success: one,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "AGENT_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Read an agent"),
    HttpApiEndpoint.post("create", "/", { payload: NewAgent, success: one, error: errorSchemas })
      .annotate(RequiredPermissions, ["agents:write"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "QUOTA_EXCEEDED", "SECRETS_UNAVAILABLE"])
      .annotate(OpenApi.Summary, "Create an agent")
      .annotate(OpenApi.Description, "Only `name` is required. The defaults are an assistant without tools."),
    HttpApiEndpoint.patch("update", "/:agentId", {
      params: { agentId: AgentId },
      payload: AgentChange,
      success: one,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:write"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "AGENT_NOT_FOUND", "SECRETS_UNAVAILABLE"])
      .annotate(OpenApi.Summary, "Change an agent")
      .annotate(
        OpenApi.Description,
        "Absent fields stay unchanged. The agent must belong to the organisation.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "The agents of your organisation: instructions, model, tools.")
  .annotate(OpenApi.Title, "Agents")
  .prefix("/api/v1/agents") {}
