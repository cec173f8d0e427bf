/** The agents' routes. Credentials of MCP servers go in and are not shown again. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Struct from "effect/Struct"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import {
  type Agent,
  type AgentSettings,
  type McpServer,
  McpServerUnknown,
  unknownServers,
} from "../domain/Agent.ts"
import type { AgentId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent } from "../domain/Principal.ts"
import { Agents } from "../recording/Agents.ts"
import { answering, respond } from "./ErrorMapping.ts"

const withoutSecrets = (agent: Agent): Agent => ({
  ...agent,
  settings: {
    ...agent.settings,
    mcpServers: agent.settings.mcpServers.map((server) => Struct.omit(server, ["authConfig"])),
  },
})

/** What is read back lacks the credentials, so a server that comes without them keeps those it had. */
const keepSecrets = (
  servers: ReadonlyArray<McpServer>,
  before: ReadonlyArray<McpServer>,
): ReadonlyArray<McpServer> =>
  servers.map((server) => {
    const kept = before.find(
      ({ endpoint, id }) => id === server.id && endpoint === server.endpoint,
    )?.authConfig
    return server.authConfig === undefined && kept !== undefined ? { ...server, authConfig: kept } : server
  })

const checked = (settings: AgentSettings): Effect.Effect<AgentSettings, McpServerUnknown> => {
  const fields = unknownServers(settings)
  return fields.length === 0 ? Effect.succeed(settings) : Effect.fail(new McpServerUnknown({ fields }))
}

const defaults = {
  active: true,
  systemPrompt: "",
  mcpServers: [],
  subAgents: [],
} satisfies Partial<AgentSettings>

const createsNone = respond({
  code: "AUTH_AGENT_DENIED",
  message: "An API key that is limited to some agents cannot create another one.",
})

/** The caller, who may use the agent. */
const callerOf = (agentId: AgentId) =>
  Effect.filterOrFail(
    CurrentPrincipal,
    (principal) => mayUseAgent(principal, agentId),
    () => new AgentDenied({ agentId }),
  )

export const layer = HttpApiBuilder.group(
  Api,
  "agents",
  Effect.fnUntraced(function* (handlers) {
    const agents = yield* Agents
    const shown = (agent: Agent) => ok(withoutSecrets(agent))
    return handlers.handleAll({
      list: () =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            const found = yield* agents.list(principal.orgId)
            return ok(found.filter(({ id }) => mayUseAgent(principal, id)).map(withoutSecrets))
          }),
        ),
      get: ({ params: { agentId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(callerOf(agentId), ({ orgId }) => agents.get(orgId, agentId)),
            shown,
          ),
        ),
      create: ({ payload }) =>
        answering(
          Effect.gen(function* () {
            const { key, orgId } = yield* CurrentPrincipal
            if (key !== undefined && key.agents !== null) return createsNone
            const settings = yield* checked({ ...defaults, ...payload })
            return shown(yield* agents.create(orgId, settings))
          }),
        ),
      update: ({ params: { agentId }, payload }) =>
        answering(
          Effect.gen(function* () {
            const { orgId } = yield* callerOf(agentId)
            const { settings: before } = yield* agents.get(orgId, agentId)
            const after = { ...before, ...payload }
            const settings = { ...after, mcpServers: keepSecrets(after.mcpServers, before.mcpServers) }
            // An agent that was stored before this check existed can still be renamed.
            if (payload.mcpServers !== undefined || payload.subAgents !== undefined) yield* checked(settings)
            return shown(yield* agents.update(orgId, agentId, settings))
          }),
        ),
    })
  }),
)
