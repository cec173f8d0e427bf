/** The routes of agents. The responses never contain credentials of MCP servers. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd } from "../api/Paging.ts"
import type { Agent, AgentSettings } from "../domain/Agent.ts"
import { AttachmentKind } from "../domain/Attachment.ts"
import { AgentId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { AgentDenied, mayUseAgent } from "../domain/Principal.ts"
import { Modes } from "../execution/Modes.ts"
import { Agents } from "../store/Agents.ts"
import { Quotas } from "../store/Quotas.ts"
import * as AgentServers from "./AgentServers.ts"
import { answering, respond } from "./ErrorMapping.ts"

const defaultLimit = 1000

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

/** The caller, if it may use the agent. */
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
    const quotas = yield* Quotas
    const servers = yield* AgentServers.make
    const random = yield* SecureRandom.SecureRandom
    const modes = yield* Modes
    const kindsOf = (mode: ExecutionMode, agent: Agent) => {
      const taken = modes.takes(mode, agent).flat()
      return AttachmentKind.literals.filter((kind) => taken.includes(kind))
    }
    const shown = (agent: Agent) => ({
      ...AgentServers.shown(agent),
      attachments: {
        runtime_orchestrator: kindsOf("runtime_orchestrator", agent),
        direct_llm: kindsOf("direct_llm", agent),
      },
    })
    return handlers.handleAll({
      list: ({ query: { cursor: after, limit = defaultLimit } }) =>
        answering(
          Effect.gen(function* () {
            const principal = yield* CurrentPrincipal
            const page = yield* agents.list(principal.orgId, {
              limit,
              ...(after === undefined ? {} : { after }),
            })
            const allowed = page.entries.filter(({ id }) => mayUseAgent(principal, id))
            return { ...ok(allowed.map(shown)), ...pageEnd(page) }
          }),
        ),
      get: ({ params: { agentId } }) =>
        answering(
          Effect.map(
            Effect.flatMap(callerOf(agentId), ({ orgId }) => agents.get(orgId, agentId)),
            (agent) => ok(shown(agent)),
          ),
        ),
      create: ({ payload }) =>
        answering(
          Effect.gen(function* () {
            const { key, orgId } = yield* CurrentPrincipal
            if (key !== undefined && key.agents !== null) return yield* createsNone
            // Generated first, because credentials are bound to the agent's id.
            const id = AgentId.make(yield* random.uuidV7())
            const given = { ...defaults, ...payload }
            yield* servers.checked(given, payload.mcpServers)
            const mcpServers = yield* servers.stored({ id, orgId }, given.mcpServers, [])
            const settings = { ...given, mcpServers }
            return ok(shown(yield* agents.create(orgId, settings, quotas.agents, id)))
          }),
        ),
      update: ({ params: { agentId }, payload }) =>
        answering(
          Effect.gen(function* () {
            const { orgId } = yield* callerOf(agentId)
            const { id, settings: before } = yield* agents.get(orgId, agentId)
            const after = { ...before, ...payload }
            // An agent stored before these checks existed can still be renamed.
            if (payload.mcpServers !== undefined || payload.subAgents !== undefined)
              yield* servers.checked(after, payload.mcpServers)
            const mcpServers =
              payload.mcpServers === undefined
                ? before.mcpServers
                : yield* servers.stored({ id, orgId }, payload.mcpServers, before.mcpServers)
            return ok(shown(yield* agents.update(orgId, id, { ...after, mcpServers })))
          }),
        ),
    })
  }),
)
