/**
 * Agents as OpenAI's models. A model is `agent:<id>`, or an agent's name. Several agents may have one name: it means the active
 * agent that the caller may use, one of the organisation's own before a shared one, and the oldest of these.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Model } from "../api/OpenAiApi.ts"
import type { Agent } from "../domain/Agent.ts"
import { AgentId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import { type AgentPosition, AgentNotFound, Agents } from "../store/Agents.ts"
import type { StoreError } from "../store/StoreError.ts"

const prefix = "agent:"
const pageSize = 1000

/** The agent's id in the name of a model; undefined if it is a name. */
const idOf = (model: string): AgentId | undefined => {
  if (!model.startsWith(prefix)) return undefined
  const id = Schema.decodeOption(AgentId)(model.slice(prefix.length))
  return id._tag === "Some" ? id.value : undefined
}

export const modelOf = ({ createdAt, id, orgId, settings }: Agent): Model => ({
  id: prefix + id,
  object: "model",
  created: Math.floor(createdAt / 1000),
  owned_by: orgId ?? "crossfade",
  name: settings.name,
})

const noAgent = AgentId.make("00000000-0000-0000-0000-000000000000")

export const make = Effect.gen(function* () {
  const agents = yield* Agents

  /** All active agents that the caller may use, oldest first. */
  const usable = Effect.fnUntraced(function* (
    principal: Principal,
  ): Effect.fn.Return<ReadonlyArray<Agent>, StoreError> {
    const found: Array<Agent> = []
    let after: AgentPosition | undefined
    do {
      const page = yield* agents.list(principal.orgId, {
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      })
      found.push(...page.entries.filter(({ id, settings }) => settings.active && mayUseAgent(principal, id)))
      after = page.next ?? undefined
    } while (after !== undefined)
    return found
  })

  const named = Effect.fnUntraced(function* (principal: Principal, name: string) {
    const all = (yield* usable(principal)).filter(({ settings }) => settings.name === name)
    const agent = all.find(({ orgId }) => orgId !== null) ?? all[0]
    return agent ?? (yield* new AgentNotFound({ agentId: noAgent }))
  })

  /** The agent that answers for a model; it may be switched off if the model is an id. */
  const agentOf = (
    principal: Principal,
    model: string,
  ): Effect.Effect<Agent, AgentDenied | AgentNotFound | StoreError> => {
    const id = idOf(model)
    if (id === undefined) return named(principal, model)
    return mayUseAgent(principal, id)
      ? agents.get(principal.orgId, id)
      : Effect.fail(new AgentDenied({ agentId: id }))
  }

  /** Only a name needs the agent itself: the turn reads the agent of an id. */
  const agentIdOf = (principal: Principal, model: string) => {
    const id = idOf(model)
    return id === undefined ? Effect.map(named(principal, model), (agent) => agent.id) : Effect.succeed(id)
  }

  return { usable, agentOf, agentIdOf }
})
