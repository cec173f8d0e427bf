/** The agents' routes. Credentials of MCP servers go in and are not shown again. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Struct from "effect/Struct"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd } from "../api/Paging.ts"
import {
  type Agent,
  type AgentSettings,
  type McpServer,
  McpServerUnknown,
  unknownServers,
} from "../domain/Agent.ts"
import { Agents } from "../recording/Agents.ts"
import { Quotas } from "../recording/Quotas.ts"
import { answering } from "./ErrorMapping.ts"

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

const defaultLimit = 1000

const defaults = {
  active: true,
  systemPrompt: "",
  mcpServers: [],
  subAgents: [],
} satisfies Partial<AgentSettings>

export const layer = HttpApiBuilder.group(
  Api,
  "agents",
  Effect.fnUntraced(function* (handlers) {
    const agents = yield* Agents
    const quotas = yield* Quotas
    const org = Effect.map(CurrentPrincipal, ({ orgId }) => orgId)
    const shown = (agent: Agent) => ok(withoutSecrets(agent))
    return handlers.handleAll({
      list: ({ query: { cursor: after, limit = defaultLimit } }) =>
        answering(
          Effect.map(
            Effect.flatMap(org, (orgId) =>
              agents.list(orgId, { limit, ...(after === undefined ? {} : { after }) }),
            ),
            (page) => ({ ...ok(page.entries.map(withoutSecrets)), ...pageEnd(page) }),
          ),
        ),
      get: ({ params }) =>
        answering(
          Effect.map(
            Effect.flatMap(org, (orgId) => agents.get(orgId, params.agentId)),
            shown,
          ),
        ),
      create: ({ payload }) =>
        answering(
          Effect.gen(function* () {
            const settings = yield* checked({ ...defaults, ...payload })
            return shown(yield* agents.create(yield* org, settings, quotas.agents))
          }),
        ),
      update: ({ params, payload }) =>
        answering(
          Effect.gen(function* () {
            const orgId = yield* org
            const { settings: before } = yield* agents.get(orgId, params.agentId)
            const after = { ...before, ...payload }
            const settings = { ...after, mcpServers: keepSecrets(after.mcpServers, before.mcpServers) }
            // An agent that was stored before this check existed can still be renamed.
            if (payload.mcpServers !== undefined || payload.subAgents !== undefined) yield* checked(settings)
            return shown(yield* agents.update(orgId, params.agentId, settings))
          }),
        ),
    })
  }),
)
