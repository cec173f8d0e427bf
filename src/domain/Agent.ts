/**
 * An agent: its instructions, its models, and the MCP servers and sub-agents that a runtime may use for it. Field
 * names are those of the public API (camelCase); the runtime adapter maps them to the runtime's wire.
 */
import * as Schema from "effect/Schema"
import { AgentId, OrgId } from "./Ids.ts"
import { AgentRuntime } from "./RuntimeProtocol.ts"
import type { ExecutionMode } from "./Mode.ts"

/** Far above real agents, because stored ones must stay readable. */
const most = 1000
const name = Schema.String.check(Schema.isBetweenLength(1, 1000))
const text = Schema.String.check(Schema.isMaxLength(100_000))
export const listOf = <S extends Schema.Constraint>(item: S) =>
  Schema.Array(item).check(Schema.isMaxLength(most))

const McpTool = Schema.Struct({
  name,
  description: text,
  parameters: Schema.Record(Schema.String, Schema.Json),
})

export const AuthConfig = Schema.Record(Schema.String, Schema.Json)

export const McpServer = Schema.Struct({
  id: name,
  name,
  endpoint: Schema.String.check(Schema.isBetweenLength(1, 10_000)),
  transport: name,
  isConnected: Schema.Boolean,
  /**
   * Sealed credentials for the server (`McpCredentials`). Only the runtime gets them; the API never returns them and
   * no log has them.
   */
  authConfig: Schema.optionalKey(AuthConfig),
  availableTools: listOf(McpTool),
})
export type McpServer = typeof McpServer.Type

const temperature = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 }))
const maxTokens = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))

export const SubAgent = Schema.Struct({
  id: name,
  name,
  description: text,
  systemPrompt: text,
  model: Schema.optionalKey(name),
  temperature: Schema.optionalKey(temperature),
  maxTokens: Schema.optionalKey(maxTokens),
  skills: Schema.optionalKey(listOf(text)),
  /** Ids of the agent's own `mcpServers`. */
  mcpServers: Schema.optionalKey(listOf(text)),
})
export type SubAgent = typeof SubAgent.Type

export const modelsOf = <S extends Schema.Constraint>(model: S) =>
  Schema.Struct({
    runtime_orchestrator: Schema.optionalKey(model),
    direct_llm: Schema.optionalKey(model),
  } satisfies Record<ExecutionMode, Schema.Top>).annotate({
    description: "The model for one mode, instead of `model`.",
  })

/**
 * The settings by an operator. `model` applies to both modes, unless `models` names one for the mode. Without either,
 * the provider or the runtime uses its configured model.
 */
export const AgentSettings = Schema.Struct({
  name: Schema.String.check(Schema.isBetweenLength(1, 200)),
  active: Schema.Boolean,
  systemPrompt: text,
  model: Schema.optionalKey(name),
  models: Schema.optionalKey(modelsOf(name)),
  temperature: Schema.optionalKey(temperature),
  maxTokens: Schema.optionalKey(maxTokens),
  /** The maximum of history tokens in a prompt, as estimated. Absent: `CHAT_HISTORY_MAX_TOKENS`. */
  historyMaxTokens: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 })),
  ),
  runtime: Schema.optionalKey(AgentRuntime),
  mcpServers: listOf(McpServer),
  subAgents: listOf(SubAgent),
})
export type AgentSettings = typeof AgentSettings.Type

/** Times are epoch milliseconds. With `orgId` null, all organisations can use the agent and none can change it. */
export const Agent = Schema.Struct({
  id: AgentId,
  orgId: Schema.NullOr(OrgId),
  settings: AgentSettings,
  createdAt: Schema.Int,
  updatedAt: Schema.Int,
})
export type Agent = typeof Agent.Type

/** The agent for one mode: `model` is that mode's model. */
export const forMode = (agent: Agent, mode: ExecutionMode): Agent => {
  const model = agent.settings.models?.[mode]
  return model === undefined ? agent : { ...agent, settings: { ...agent.settings, model } }
}

/** The agent with instructions of the caller after its system prompt. */
export const withInstructions = (agent: Agent, instructions = ""): Agent => {
  const systemPrompt = [agent.settings.systemPrompt, instructions].filter((text) => text !== "").join("\n\n")
  return { ...agent, settings: { ...agent.settings, systemPrompt } }
}

/** Settings that no agent may have. `path` names the field, `message` the allowed values. */
export class AgentInvalid extends Schema.TaggedError<AgentInvalid>()("AgentInvalid", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })),
}) {}

/** The fields of sub-agents that name an MCP server which the agent lacks. */
export const unknownServers = ({
  mcpServers,
  subAgents,
}: {
  readonly mcpServers: ReadonlyArray<Pick<McpServer, "id">>
  readonly subAgents: ReadonlyArray<SubAgent>
}): ReadonlyArray<string> => {
  const known = new Set(mcpServers.map(({ id }) => id))
  return subAgents.flatMap((subAgent, index) =>
    (subAgent.mcpServers ?? []).flatMap((id, place) =>
      known.has(id) ? [] : [`subAgents.${index}.mcpServers.${place}`],
    ),
  )
}

/** True if the agent's turns may call tools: it has MCP servers or sub-agents. */
export const needsTools = ({ settings }: Agent): boolean =>
  settings.mcpServers.length > 0 || settings.subAgents.length > 0

/** Exists in each new store, so that the first request works without setup. */
export const defaultAgentId = AgentId.make("00000000-0000-4000-8000-000000000001")
