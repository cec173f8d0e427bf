/** A turn, written as the runtime's wire wants it. Pure. */
import type { McpServer, SubAgent } from "../../domain/Agent.ts"
import type { Turn } from "../Executor.ts"

const mcpServer = (server: McpServer) => ({
  id: server.id,
  name: server.name,
  endpoint: server.endpoint,
  transport: server.transport,
  is_connected: server.isConnected,
  ...(server.authConfig === undefined ? {} : { auth_config: server.authConfig }),
  available_tools: server.availableTools,
})

const subAgent = ({ maxTokens, mcpServers, systemPrompt, ...rest }: SubAgent) => ({
  ...rest,
  system_prompt: systemPrompt,
  ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  ...(mcpServers === undefined ? {} : { mcp_servers: mcpServers }),
})

/**
 * The session as the runtime knows it. A shadow gets one of its own, so that it neither leaves traces in the user's
 * session nor is ended by a cancel of it.
 */
export const sessionId = (turn: Turn): string => (turn.shadow ? turn.runId : turn.sessionId)

/** The wire has no optional fields in `agent_config`; for what an agent leaves open these are the wire's own examples. */
const defaultTemperature = 0.7
const defaultMaxTokens = 4096

/** The body of `POST /api/v1/execute/stream`. The current message is in `user_message` alone, not in the history. */
export const make = (turn: Turn, defaultModel: string) => {
  const { maxTokens, mcpServers, model, subAgents, systemPrompt, temperature } = turn.agent.settings
  return {
    session_id: sessionId(turn),
    agent_id: turn.agent.id,
    org_id: turn.orgId,
    user_message: turn.message,
    history_messages: turn.history,
    agent_config: {
      system_prompt: systemPrompt,
      model: model ?? defaultModel,
      temperature: temperature ?? defaultTemperature,
      max_tokens: maxTokens ?? defaultMaxTokens,
    },
    available_mcp_servers: mcpServers.map(mcpServer),
    available_sub_agents: subAgents.map(subAgent),
    metadata: {
      user_id: turn.userId,
      run_id: turn.runId,
      shadow: turn.shadow,
      probe: turn.probe,
      // Only where it is wanted: the requests of users' turns stay as every runtime knows them.
      ...(turn.shadow ? { dry_run: true } : {}),
    },
  }
}
