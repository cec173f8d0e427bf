/** Builds the runtime's request from a turn. Pure. */
import type { AgentSettings, McpServer, SubAgent } from "../../domain/Agent.ts"
import type { Turn } from "../Executor.ts"
import { filesOf } from "../files/AttachmentRules.ts"

const mcpServer = (server: McpServer) => ({
  id: server.id,
  name: server.name,
  endpoint: server.endpoint,
  transport: server.transport,
  is_connected: server.isConnected,
  ...(server.authConfig === undefined ? {} : { auth_config: server.authConfig }),
  available_tools: server.availableTools,
})

/** The runtime needs a sub-agent's servers in full, like the agent's. Ids without a server are dropped. */
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

/**
 * The runtime applies every value in the request, so only values that the agent sets are sent. Every field is
 * optional on the wire.
 */
const agentConfig = ({ maxTokens, model, systemPrompt, temperature }: AgentSettings) => ({
  ...(systemPrompt === "" ? {} : { system_prompt: systemPrompt }),
  ...(model === undefined ? {} : { model }),
  ...(temperature === undefined ? {} : { temperature }),
  ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
})

/**
 * The session id at the runtime. A shadow has its own, so that it leaves no traces in the user's session and a cancel
 * of that session does not end it.
 */
export const sessionId = (turn: Turn): string => (turn.shadow ? turn.runId : turn.sessionId)

/** Links, because a body with contents would have many megabytes. Absent without files. */
const attachmentsOf = ({ attachments, files }: Turn) => {
  const links = filesOf(files, { attachments }).map(({ bytes, content, fileId, filename, mediaType }) => ({
    fileId,
    filename: filename.toWellFormed(),
    mediaType,
    bytes,
    url: content,
  }))
  return links.length === 0 ? {} : { attachments: links }
}

/**
 * The body of `POST /api/v1/execute/stream`. `servers` are the agent's, with their credentials in plain text.
 *
 * Newer runtimes read `history_messages` instead of `user_message` if there are any; older ones read only
 * `user_message`. So the current message is in both.
 */
export const make = (turn: Turn, servers: ReadonlyArray<McpServer>) => {
  const { settings } = turn.agent
  return {
    session_id: sessionId(turn),
    agent_id: turn.agent.id,
    org_id: turn.orgId,
    user_message: turn.message,
    history_messages: turn.history.map(({ content, role }) => ({ role, content })),
    agent_config: agentConfig(settings),
    available_mcp_servers: servers.map(mcpServer),
    available_sub_agents: settings.subAgents.map((each) => subAgent(each, servers)),
    metadata: {
      user_id: turn.userId,
      run_id: turn.runId,
      shadow: turn.shadow,
      probe: turn.probe,
      // Sent only for shadows, so that the requests of users' turns stay the same for every runtime.
      ...(turn.shadow ? { dry_run: true } : {}),
      ...attachmentsOf(turn),
    },
  }
}
