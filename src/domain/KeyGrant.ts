/**
 * The rights and limits of a new API key: at most those of its creator at that moment. A key that creates another
 * passes on its own limits. Pure.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ApiKey } from "./ApiKey.ts"
import type { AgentId } from "./Ids.ts"
import { AgentDenied, mayUseAgent, missingPermissions, type Principal } from "./Principal.ts"

/** The creator lacks these permissions. */
export class GrantExceeded extends Schema.TaggedError<GrantExceeded>()("GrantExceeded", {
  permissions: Schema.Array(Schema.String),
}) {}

/** Each further key would have its own rate, so several would exceed the creator's. */
export class RateNotDivisible extends Schema.TaggedError<RateNotDivisible>()("RateNotDivisible", {}) {}

export class ExpiryInvalid extends Schema.TaggedError<ExpiryInvalid>()("ExpiryInvalid", {
  reason: Schema.Literals(["past", "beyond_creator"]),
}) {}

export type GrantRefused = AgentDenied | ExpiryInvalid | GrantExceeded | RateNotDivisible

/** An absent or null field sets no limit of its own. */
export interface AskedGrant {
  readonly permissions?: ReadonlyArray<string>
  readonly agents?: ReadonlyArray<AgentId> | null
  readonly expiresAt?: number | null
  readonly ratePerMinute?: number | null
}

type Grant = Pick<ApiKey, "permissions" | "agents" | "expiresAt" | "ratePerMinute">

/** Enough to chat, as for `crossfade token`. */
const defaultPermissions: ReadonlyArray<string> = ["chat:*", "sessions:*"]

const agentsOf = (creator: Principal, asked: ReadonlyArray<AgentId> | null | undefined) => {
  const agents = asked ?? creator.key?.agents ?? null
  const denied = agents?.find((id) => !mayUseAgent(creator, id))
  return denied === undefined
    ? Result.succeed(agents === null ? null : [...new Set(agents)])
    : Result.fail(new AgentDenied({ agentId: denied }))
}

const expiryOf = (creator: Principal, asked: number | null | undefined, now: number) => {
  const latest = creator.key?.expiresAt ?? null
  const expiresAt = asked ?? latest
  if (expiresAt !== null && expiresAt <= now) return Result.fail(new ExpiryInvalid({ reason: "past" }))
  return expiresAt !== null && latest !== null && expiresAt > latest
    ? Result.fail(new ExpiryInvalid({ reason: "beyond_creator" }))
    : Result.succeed(expiresAt)
}

export const grantOf = (
  creator: Principal,
  asked: AskedGrant,
  now: number,
): Result.Result<Grant, GrantRefused> =>
  Result.gen(function* () {
    if (creator.key !== undefined && creator.key.ratePerMinute !== null)
      return yield* Result.fail(new RateNotDivisible())
    const permissions = [...new Set(asked.permissions ?? defaultPermissions)]
    const lacking = missingPermissions(creator, permissions)
    if (lacking.length > 0) return yield* Result.fail(new GrantExceeded({ permissions: lacking }))
    const agents = yield* agentsOf(creator, asked.agents)
    const expiresAt = yield* expiryOf(creator, asked.expiresAt, now)
    return { permissions, agents, expiresAt, ratePerMinute: asked.ratePerMinute ?? null }
  })
