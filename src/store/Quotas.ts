/**
 * The limits on what an organisation may own. The check runs before anything is stored; a running turn stores its
 * answer in any case. Only the operators of the service can raise a quota, so a refusal has no retry time.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { OrgId } from "../domain/Ids.ts"
import { OrgUsage } from "./OrgUsage.ts"
import type { StoreError } from "./StoreError.ts"

export class QuotaExceeded extends Schema.TaggedError<QuotaExceeded>()("QuotaExceeded", {
  resource: Schema.Literals([
    "agents",
    "sessions",
    "bytes of messages",
    "unused uploads",
    "MiB of unused uploads",
    "MiB of files",
  ]),
  limit: Schema.Int,
}) {}

export interface Limits {
  readonly agents: number
  readonly sessions: number
  readonly bytes: number
}

export class Quotas extends Context.Service<
  Quotas,
  {
    readonly agents: number
    /** Fails if the organisation may start no session. */
    readonly session: (orgId: OrgId) => Effect.Effect<void, QuotaExceeded | StoreError>
    /** Fails if the organisation may add no message. */
    readonly message: (orgId: OrgId) => Effect.Effect<void, QuotaExceeded | StoreError>
  }
>()("crossfade/store/Quotas") {
  static readonly layer = (limits: Limits): Layer.Layer<Quotas, never, OrgUsage> =>
    Layer.effect(
      Quotas,
      Effect.map(OrgUsage, (usage) => {
        const check = (orgId: OrgId, isNewSession: boolean) =>
          Effect.flatMap(usage.of(orgId), ({ bytes, sessions }) => {
            if (isNewSession && sessions >= limits.sessions)
              return Effect.fail(new QuotaExceeded({ resource: "sessions", limit: limits.sessions }))
            return bytes >= limits.bytes
              ? Effect.fail(new QuotaExceeded({ resource: "bytes of messages", limit: limits.bytes }))
              : Effect.void
          })
        return Quotas.of({
          agents: limits.agents,
          session: (orgId) => check(orgId, true),
          message: (orgId) => check(orgId, false),
        })
      }),
    )
}
