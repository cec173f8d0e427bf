/** Port: agents. An organisation sees its own agents and those without one (`orgId` null). */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Agent, AgentSettings } from "../domain/Agent.ts"
import { AgentId, type OrgId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { QuotaExceeded } from "./Quotas.ts"
import type { StoreError } from "./StoreError.ts"

export class AgentNotFound extends Schema.TaggedError<AgentNotFound>()("AgentNotFound", {
  agentId: AgentId,
}) {}

/** The agent's creation time and id. */
export type AgentPosition = readonly [createdAt: number, id: AgentId]

export class Agents extends Context.Service<
  Agents,
  {
    /** Oldest first; `after` is the position of the last page's end. */
    readonly list: (
      orgId: OrgId,
      page: { readonly after?: AgentPosition; readonly limit: number },
    ) => Effect.Effect<Page<Agent, AgentPosition>, StoreError>
    readonly get: (orgId: OrgId, id: AgentId) => Effect.Effect<Agent, AgentNotFound | StoreError>
    /** `updatedAt` of the existing ones; it rises with each change of an agent. */
    readonly versions: (
      ids: ReadonlyArray<AgentId>,
    ) => Effect.Effect<ReadonlyMap<AgentId, number>, StoreError>
    /** `most`: the organisation's limit. `id`: set if a part of the settings is bound to it. */
    readonly create: (
      orgId: OrgId,
      settings: AgentSettings,
      most: number,
      id?: AgentId,
    ) => Effect.Effect<Agent, QuotaExceeded | StoreError>
    /** Replaces the settings. An agent without an organisation, or of another one, is not found. */
    readonly update: (
      orgId: OrgId,
      id: AgentId,
      settings: AgentSettings,
    ) => Effect.Effect<Agent, AgentNotFound | StoreError>
  }
>()("crossfade/store/Agents") {}
