/** The agents' routes. Credentials of MCP servers go in and are not shown again. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd } from "../api/Paging.ts"
import type { AgentSettings } from "../domain/Agent.ts"
import { AgentId } from "../domain/Ids.ts"
import { Agents } from "../recording/Agents.ts"
import { Quotas } from "../recording/Quotas.ts"
import * as AgentServers from "./AgentServers.ts"
import { answering } from "./ErrorMapping.ts"

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
    const servers = yield* AgentServers.make
    const random = yield* SecureRandom.SecureRandom
    const org = Effect.map(CurrentPrincipal, ({ orgId }) => orgId)
    return handlers.handleAll({
      list: ({ query: { cursor: after, limit = defaultLimit } }) =>
        answering(
          Effect.map(
            Effect.flatMap(org, (orgId) =>
              agents.list(orgId, { limit, ...(after === undefined ? {} : { after }) }),
            ),
            (page) => ({ ...ok(page.entries.map(AgentServers.shown)), ...pageEnd(page) }),
          ),
        ),
      get: ({ params }) =>
        answering(
          Effect.map(
            Effect.flatMap(org, (orgId) => agents.get(orgId, params.agentId)),
            (agent) => ok(AgentServers.shown(agent)),
          ),
        ),
      create: ({ payload }) =>
        answering(
          Effect.gen(function* () {
            const orgId = yield* org
            // Credentials are bound to the agent's id, so it is made first.
            const id = AgentId.make(yield* random.uuidV7())
            const given = { ...defaults, ...payload }
            yield* servers.checked(given, payload.mcpServers)
            const mcpServers = yield* servers.stored({ id, orgId }, given.mcpServers, [])
            const settings = { ...given, mcpServers }
            return ok(AgentServers.shown(yield* agents.create(orgId, settings, quotas.agents, id)))
          }),
        ),
      update: ({ params, payload }) =>
        answering(
          Effect.gen(function* () {
            const orgId = yield* org
            const { id, settings: before } = yield* agents.get(orgId, params.agentId)
            const after = { ...before, ...payload }
            // An agent that was stored before these checks existed can still be renamed.
            if (payload.mcpServers !== undefined || payload.subAgents !== undefined)
              yield* servers.checked(after, payload.mcpServers)
            const mcpServers =
              payload.mcpServers === undefined
                ? before.mcpServers
                : yield* servers.stored({ id, orgId }, payload.mcpServers, before.mcpServers)
            return ok(AgentServers.shown(yield* agents.update(orgId, id, { ...after, mcpServers })))
          }),
        ),
    })
  }),
)
