/**
 * Cached answers of direct mode. The key contains everything that an answer depends on. If an answer is missing for
 * any reason, the provider answers: no method fails, and no turn waits for an unavailable cache.
 */
import { hash } from "node:crypto"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrgId } from "../../domain/Ids.ts"

/** The key of an answer. Its first part names the organisation, so that all answers of one can be cleared. */
export const keyOf = (orgId: OrgId, rest: string): string => `${partOf(orgId)}${rest}`

/** A hash: a key is of bounded length and shows no id. */
export const partOf = (orgId: OrgId): string => `${hash("sha256", orgId, "hex")}:`

export class AnswerCache extends Context.Service<
  AnswerCache,
  {
    readonly get: (key: string) => Effect.Effect<string | undefined>
    /** Stores an answer for the cache's lifetime, or shorter if there is no room. */
    readonly put: (key: string, answer: string) => Effect.Effect<void>
    /** Removes all answers of an organisation. Gives false if the cache did not answer. */
    readonly clear: (orgId: OrgId) => Effect.Effect<boolean>
  }
>()("crossfade/execution/direct/AnswerCache") {}
