/**
 * The MCP servers of a turn's agent for the runtime: credentials decrypted, and addresses checked again, because an
 * agent may be older than the rules. The plain text lives as long as its request.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Agent, McpServer } from "../domain/Agent.ts"
import { type AllowedHosts, none } from "../domain/AllowedHost.ts"
import * as McpAddress from "../domain/McpAddress.ts"
import * as McpCredentials from "../domain/McpCredentials.ts"
import type { Unreadable } from "../domain/SealedValue.ts"
import { DataKeys, type Keys } from "../persistence/DataKeys.ts"
import { AgentMisconfigured } from "./ExecutionError.ts"

/** `MCP_ALLOWED_HOSTS`. */
export const McpHosts = Context.Reference<AllowedHosts>("crossfade/execution/McpHosts", {
  defaultValue: () => none,
})

const reasons = {
  damaged: "they were changed, or copied from another agent: send authConfig again",
  unknown_key: "their key is neither DATA_KEY nor in DATA_KEYS_PREVIOUS",
} as const satisfies Record<Unreadable["reason"], string>

const misconfigured = (upstream: string, agent: Agent, server: McpServer, detail: string, reason: string) =>
  Effect.andThen(
    Effect.logWarning(`an agent cannot go to the ${upstream}: ${reason}`).pipe(
      Effect.annotateLogs({ agentId: agent.id, orgId: agent.orgId ?? "none", mcpServer: server.id }),
    ),
    Effect.fail(new AgentMisconfigured({ upstream, detail })),
  )

const ready = (
  upstream: string,
  agent: Agent,
  server: McpServer,
  keys: Keys,
  hosts: AllowedHosts,
): Effect.Effect<McpServer, AgentMisconfigured> => {
  if (McpAddress.problemOf(server.endpoint, hosts) !== undefined) {
    const reason = "the address of an MCP server is not allowed (MCP_ALLOWED_HOSTS)"
    return misconfigured(upstream, agent, server, "mcp_address_refused", reason)
  }
  return Result.match(McpCredentials.opened(keys.all, agent, server), {
    onSuccess: Effect.succeed,
    onFailure: (unreadable) => {
      const key = unreadable.reason === "unknown_key" ? ` (key ${unreadable.keyId})` : ""
      const reason = `the credentials of an MCP server cannot be decrypted${key}, because ${reasons[unreadable.reason]}`
      return misconfigured(upstream, agent, server, "mcp_credentials_unreadable", reason)
    },
  })
}

type ReadyServers = (agent: Agent) => Effect.Effect<ReadonlyArray<McpServer>, AgentMisconfigured>

const nothing = Effect.succeed<ReadonlyArray<McpServer>>([])

export const make = (upstream: string): Effect.Effect<ReadyServers> =>
  Effect.map(Effect.all([DataKeys, McpHosts]), ([keys, hosts]): ReadyServers => {
    return (agent) => {
      const { mcpServers } = agent.settings
      if (mcpServers.length === 0) return nothing
      return Effect.forEach(mcpServers, (server) => ready(upstream, agent, server, keys, hosts))
    }
  })
