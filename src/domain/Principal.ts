/** The caller, from the verified token or API key, never from a request body. */
import * as Schema from "effect/Schema"
import { AgentId, type ApiKeyId, type OrgId, type UserId } from "./Ids.ts"
import { grants } from "./Permission.ts"

export interface Principal {
  readonly orgId: OrgId
  readonly userId: UserId
  /** The granted permissions, wildcards included: `*`, `chat:*`, `chat:read`. */
  readonly permissions: ReadonlyArray<string>
  /** Present if the caller sent an API key. */
  readonly key?: CallerKey
}

/** The API key of a request with its limits; null: no such limit. */
export interface CallerKey {
  readonly id: ApiKeyId
  readonly agents: ReadonlyArray<AgentId> | null
  /** Turns a minute. */
  readonly ratePerMinute: number | null
  /** Epoch milliseconds. */
  readonly expiresAt: number | null
}

/** The caller's key is limited to other agents. */
export class AgentDenied extends Schema.TaggedError<AgentDenied>()("AgentDenied", { agentId: AgentId }) {}

/** The required permissions that `principal` lacks; all of them must be granted. */
export const missingPermissions = (
  principal: Principal,
  required: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  required.filter((permission) => !principal.permissions.some((granted) => grants(granted, permission)))

export const mayUseAgent = ({ key }: Principal, agentId: AgentId): boolean =>
  key === undefined || key.agents === null || key.agents.includes(agentId)
