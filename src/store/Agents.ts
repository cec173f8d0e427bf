/** Agents, as operators keep them. An organisation sees its own agents and those without one (`orgId` null). */
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

/** When it was created, and its id. */
export type AgentPosition = readonly [createdAt: number, id: AgentId]

export class Agents extends Context.Service<
  Agents,
  {
    /** Oldest first; `after` is the position at which the last page ended. */
    readonly list: (
      orgId: OrgId,
      page: { readonly after?: AgentPosition; readonly limit: number },
    ) => Effect.Effect<Page<Agent, AgentPosition>, StoreError>
    readonly get: (orgId: OrgId, id: AgentId) => Effect.Effect<Agent, AgentNotFound | StoreError>
    /** `updatedAt` of those that are there: it rises with every change of an agent. */
    readonly versions: (
      ids: ReadonlyArray<AgentId>,
    ) => Effect.Effect<ReadonlyMap<AgentId, number>, StoreError>
    /** `most`: how many the organisation may have. `id`: given where a part of the settings is bound to it. */
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
