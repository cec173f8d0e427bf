/** A turn, written as the runtime's wire wants it. Pure. */
import type { AgentSettings, McpServer, SubAgent } from "../../domain/Agent.ts"
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

/** The runtime wants a sub-agent's servers whole, as it wants the agent's. Ids that the agent lacks name nothing. */
const subAgent = (
  { maxTokens, mcpServers, systemPrompt, ...rest }: SubAgent,
  servers: ReadonlyArray<McpServer>,
) => ({
  ...rest,
  system_prompt: systemPrompt,
  ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  ...(mcpServers === undefined
    ? {}
    : { mcp_servers: servers.filter(({ id }) => mcpServers.includes(id)).map(mcpServer) }),
})

/** A value that is sent is obeyed, so only what the agent sets is. Every field is optional on the wire. */
const agentConfig = ({ maxTokens, model, systemPrompt, temperature }: AgentSettings) => ({
  ...(systemPrompt === "" ? {} : { system_prompt: systemPrompt }),
  ...(model === undefined ? {} : { model }),
  ...(temperature === undefined ? {} : { temperature }),
  ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
})

/**
 * The session as the runtime knows it. A shadow gets one of its own, so that it neither leaves traces in the user's
 * session nor is ended by a cancel of it.
 */
export const sessionId = (turn: Turn): string => (turn.shadow ? turn.runId : turn.sessionId)

/**
 * The body of `POST /api/v1/execute/stream`. `servers` are those of the agent, with their credentials in plain text.
 *
 * Runtimes use `history_messages` instead of `user_message` where there are any, older ones only `user_message`: so the
 * current message is in both.
 */
export const make = (turn: Turn, servers: ReadonlyArray<McpServer>) => {
  const { settings } = turn.agent
  return {
    session_id: sessionId(turn),
    agent_id: turn.agent.id,
    org_id: turn.orgId,
    user_message: turn.message,
    history_messages: turn.history,
    agent_config: agentConfig(settings),
    available_mcp_servers: servers.map(mcpServer),
    available_sub_agents: settings.subAgents.map((each) => subAgent(each, servers)),
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
