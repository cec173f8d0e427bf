/** Client of the agents' routes of a running service. */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import { type AgentChange, AgentView, agentsPage, type NewAgent } from "../api/AgentsApi.ts"
import { success, successPage } from "../api/Envelope.ts"
import { AgentId } from "../domain/Ids.ts"
import { didYouMean } from "./DidYouMean.ts"
import { UsageError } from "./Explained.ts"
import { send, type Service, withBody } from "./ServiceClient.ts"

const path = "/api/v1/agents"
const one = success(AgentView)
const pageOfAgents = successPage(Schema.Array(AgentView), agentsPage.answer)

/** One page of the most agents that the service returns at once. */
export const list = (service: Service) =>
  send(service, HttpClientRequest.get(path, { urlParams: { limit: "1000" } }), pageOfAgents)

export const get = (service: Service, id: AgentId) =>
  send(service, HttpClientRequest.get(`${path}/${id}`), one)

export const create = (service: Service, agent: typeof NewAgent.Type) =>
  send(service, withBody("POST", path, agent), one)

export const update = (service: Service, id: AgentId, change: typeof AgentChange.Type) =>
  send(service, withBody("PATCH", `${path}/${id}`, change), one)

const isId = Schema.is(AgentId)

/** An id, or the name of an agent. A name is looked up, which needs `agents:read`. */
export const idOf = Effect.fnUntraced(function* (service: Service, text: string) {
  if (isId(text)) return text
  const agents = yield* list(service)
  const named = agents.filter(({ settings }) => settings.name === text)
  const [found, ...others] = named
  if (found === undefined)
    return yield* new UsageError({
      message: `There is no agent ${text}. ${didYouMean(
        text,
        agents.map(({ settings }) => settings.name),
      )}`,
    })
  if (others.length > 0)
    return yield* new UsageError({
      message: `Several agents have the name ${text}: ${named.map(({ id }) => id).join(", ")}. Give an id.`,
    })
  return found.id
})
