/** The user and request behind a change, for the audit. */
import * as Effect from "effect/Effect"
import { CurrentPrincipal } from "../api/Authorization.ts"
import type { Actor } from "../domain/Actor.ts"
import { currentRequestId } from "./RequestId.ts"

export const currentActor = Effect.map(
  Effect.all([CurrentPrincipal, currentRequestId]),
  ([{ key, orgId, userId }, requestId]): Actor => ({
    orgId,
    userId,
    requestId,
    ...(key === undefined ? {} : { keyId: key.id }),
  }),
)
