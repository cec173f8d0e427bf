/**
 * An agent: what it is told to be, which model it prefers, and which MCP servers and sub-agents a runtime may use for
 * it. Field names are the public API's (camelCase); the runtime adapter writes them as the runtime's wire wants.
 */
import * as Schema from "effect/Schema"
import { AgentId, OrgId } from "./Ids.ts"
import type { ExecutionMode } from "./Mode.ts"

export const McpTool = Schema.Struct({
  name: Schema.NonEmptyString,
  description: Schema.String,
  parameters: Schema.Record(Schema.String, Schema.Json),
})

export const McpServer = Schema.Struct({
  id: Schema.NonEmptyString,
  name: Schema.NonEmptyString,
  endpoint: Schema.NonEmptyString,
  transport: Schema.NonEmptyString,
  isConnected: Schema.Boolean,
  /** Credentials for the server. Sent to the runtime only; never returned by the API, never logged. */
  authConfig: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  availableTools: Schema.Array(McpTool),
})
export type McpServer = typeof McpServer.Type

const temperature = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 }))
const maxTokens = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))

export const SubAgent = Schema.Struct({
  id: Schema.NonEmptyString,
  name: Schema.NonEmptyString,
  description: Schema.String,
  systemPrompt: Schema.String,
  model: Schema.optionalKey(Schema.NonEmptyString),
  temperature: Schema.optionalKey(temperature),
  maxTokens: Schema.optionalKey(maxTokens),
  skills: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Ids of the agent's own `mcpServers`. */
  mcpServers: Schema.optionalKey(Schema.Array(Schema.String)),
})
export type SubAgent = typeof SubAgent.Type

const Models = Schema.Struct({
  runtime_orchestrator: Schema.optionalKey(Schema.NonEmptyString),
  direct_llm: Schema.optionalKey(Schema.NonEmptyString),
} satisfies Record<ExecutionMode, Schema.Top>).annotate({
  description: "The model for one mode, instead of `model`.",
})

/**
 * The settings by an operator. `model` is for both modes, save where `models` names one for the mode. Without either the provider
 * or the runtime takes what it is configured with.
 */
export const AgentSettings = Schema.Struct({
  name: Schema.String.check(Schema.isBetweenLength(1, 200)),
  active: Schema.Boolean,
  systemPrompt: Schema.String.check(Schema.isMaxLength(100_000)),
  model: Schema.optionalKey(Schema.NonEmptyString),
  models: Schema.optionalKey(Models),
  temperature: Schema.optionalKey(temperature),
  maxTokens: Schema.optionalKey(maxTokens),
  /** The most tokens of a conversation that are sent, as estimated. Absent: `CHAT_HISTORY_MAX_TOKENS`. */
  historyMaxTokens: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 })),
  ),
  mcpServers: Schema.Array(McpServer),
  subAgents: Schema.Array(SubAgent),
})
export type AgentSettings = typeof AgentSettings.Type

/** Times are epoch milliseconds. `orgId` null: the agent is there for every organisation and nobody can change it. */
export const Agent = Schema.Struct({
  id: AgentId,
  orgId: Schema.NullOr(OrgId),
  settings: AgentSettings,
  createdAt: Schema.Int,
  updatedAt: Schema.Int,
})
export type Agent = typeof Agent.Type

/** The agent as one mode sees it: `model` is the one that it has for the mode. */
export const forMode = (agent: Agent, mode: ExecutionMode): Agent => {
  const model = agent.settings.models?.[mode]
  return model === undefined ? agent : { ...agent, settings: { ...agent.settings, model } }
}

/** A sub-agent names an MCP server that its agent does not have. */
export class McpServerUnknown extends Schema.TaggedError<McpServerUnknown>()("McpServerUnknown", {
  fields: Schema.Array(Schema.String),
}) {}

/** The fields of sub-agents that name an MCP server which the agent does not have. */
export const unknownServers = ({
  mcpServers,
  subAgents,
}: Pick<AgentSettings, "mcpServers" | "subAgents">): ReadonlyArray<string> =>
  subAgents.flatMap((subAgent, index) =>
    (subAgent.mcpServers ?? []).flatMap((id, place) =>
      mcpServers.some((server) => server.id === id) ? [] : [`subAgents.${index}.mcpServers.${place}`],
    ),
  )

/** Whether its turns may call tools: it has servers of them, or other agents to hand work to. */
export const needsTools = ({ settings }: Agent): boolean =>
  settings.mcpServers.length > 0 || settings.subAgents.length > 0

/** Exists on every empty store, so that the first request needs no set-up. */
export const defaultAgentId = AgentId.make("00000000-0000-4000-8000-000000000001")
