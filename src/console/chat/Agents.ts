/** The agents that a new conversation may have. */
import { useCallback } from "preact/hooks"
import type { AgentView } from "../../api/AgentsApi.ts"
import { type Account, may } from "../service/Access.ts"
import { useLoaded } from "../service/Loaded.ts"
import { dataOf } from "../service/Service.ts"

/** Exists in each gateway. Accounts that may not list agents use it. */
export const defaultAgentId = "00000000-0000-4000-8000-000000000001"

const none: ReadonlyArray<AgentView> = []

export const useAgents = (account: Account) => {
  const isListed = may(account, "agents:read")
  const load = useCallback(
    (signal: AbortSignal): Promise<ReadonlyArray<AgentView>> =>
      isListed ? dataOf("/api/v1/agents?limit=1000", { signal }) : Promise.resolve(none),
    [isListed],
  )
  const { error, reload, value = none } = useLoaded(load)
  return { agents: value, active: value.filter(({ settings }) => settings.active), error, reload }
}
