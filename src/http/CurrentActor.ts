/** Who makes the change of this request, as the audit keeps it. */
import * as Effect from "effect/Effect"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { RequestId } from "./RequestId.ts"

export const currentActor = Effect.map(
  Effect.all([CurrentPrincipal, RequestId]),
  ([{ orgId, userId }, requestId]) => ({ orgId, userId, requestId }),
)
