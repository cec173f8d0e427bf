/** Deletion: of a user's own sessions and messages, and of all data of a user or an organisation. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Erasure } from "../domain/Erasure.ts"
import { ErasureId, MessageId, OrgId, SessionId, UserId } from "../domain/Ids.ts"
import { Authorization, OrPermission, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { pagedBy } from "./Paging.ts"
import { RouteErrors } from "./RouteErrors.ts"

const deleted = {
  /** False if it was deleted before. */
  deleted: Schema.Boolean,
  /** Epoch milliseconds; null without a grace time. */
  restorableUntil: Schema.NullOr(Schema.Int),
}
const restored = { restored: Schema.Literal(true) }

/** Writes have the limits of reads. */
const ofWrites = ["RATE_LIMIT_USER", "RATE_LIMIT_ORG"] as const
const ofSessions = ["AUTH_AGENT_DENIED", "SESSION_NOT_FOUND", ...ofWrites] as const
const ofMessages = ["AUTH_AGENT_DENIED", "MESSAGE_NOT_FOUND", ...ofWrites] as const

const accepted = success(Erasure).pipe(HttpApiSchema.status(202))
const erasuresPage = pagedBy("erasures", ErasureId, 100)

export class DeletionApi extends HttpApiGroup.make("deletion")
  .add(
    HttpApiEndpoint.delete("deleteSession", "/chat/sessions/:sessionId", {
      params: { sessionId: SessionId },
      success: success(Schema.Struct({ sessionId: SessionId, ...deleted })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(RouteErrors, ofSessions)
      .annotate(OpenApi.Summary, "Delete a session")
      .annotate(
        OpenApi.Description,
        "Cancels its running answer and deletes all its messages and runs. They disappear at once and are removed for good after the grace time of the service, until which the session can be restored. A repeated request succeeds, and `deleted` is false.",
      ),
    HttpApiEndpoint.post("restoreSession", "/chat/sessions/:sessionId/restore", {
      params: { sessionId: SessionId },
      success: success(Schema.Struct({ sessionId: SessionId, ...restored })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(RouteErrors, ofSessions)
      .annotate(OpenApi.Summary, "Restore a session")
      .annotate(
        OpenApi.Description,
        "Takes a deletion back within the grace time. Messages that were deleted before the session stay deleted.",
      ),
    HttpApiEndpoint.delete("deleteMessage", "/chat/messages/:messageId", {
      params: { messageId: MessageId },
      success: success(Schema.Struct({ messageId: MessageId, ...deleted })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ofMessages)
      .annotate(OpenApi.Summary, "Delete a message")
      .annotate(
        OpenApi.Description,
        "Deletes the message, every message below it, and their runs. A question whose only answer is deleted can be retried. A repeated request succeeds, and `deleted` is false.",
      ),
    HttpApiEndpoint.post("restoreMessage", "/chat/messages/:messageId/restore", {
      params: { messageId: MessageId },
      success: success(Schema.Struct({ messageId: MessageId, ...restored })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ofMessages)
      .annotate(OpenApi.Summary, "Restore a message")
      .annotate(
        OpenApi.Description,
        "Takes a deletion back within the grace time, with the messages that it took along. If a message above it is deleted too, the answer is a 400 that names the message to restore first.",
      ),
  )
  .add(
    HttpApiEndpoint.delete("eraseUser", "/users/:userId", {
      params: { userId: UserId },
      success: accepted,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:write"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", ...ofWrites])
      .annotate(OpenApi.Summary, "Erase a user")
      .annotate(
        OpenApi.Description,
        "Starts a job that removes all data of a user of the caller's organisation: sessions, messages, runs, files, feedback, API keys and token spend. A repeated request gets the running job. Revoke the user's access at the identity provider first: the job also deletes turns that begin while it runs, but later ones are new data.",
      ),
    HttpApiEndpoint.delete("eraseOrganisation", "/organisations/:orgId", {
      params: { orgId: OrgId },
      success: accepted,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:write"])
      .annotate(OrPermission, "operator:write")
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "ORG_NOT_FOUND", ...ofWrites])
      .annotate(OpenApi.Summary, "Erase an organisation")
      .annotate(
        OpenApi.Description,
        "Starts a job that removes all data of the organisation: that of its users, its agents with their credentials, and its figures. With `admin:write` only the own organisation, with `operator:write` any.",
      ),
    HttpApiEndpoint.get("erasures", "/erasures", {
      query: erasuresPage.query,
      success: success(Schema.Struct({ erasures: Schema.Array(Erasure), ...erasuresPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OrPermission, "operator:read")
      .annotate(OpenApi.Summary, "List erasures")
      .annotate(
        OpenApi.Description,
        "Newest first. With `admin:read` those of the own organisation, with `operator:read` all.",
      ),
    HttpApiEndpoint.get("erasure", "/erasures/:erasureId", {
      params: { erasureId: ErasureId },
      success: success(Erasure),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OrPermission, "operator:read")
      .annotate(RouteErrors, ["ERASURE_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Read an erasure")
      .annotate(
        OpenApi.Description,
        "The status is `completed` when no row of the user or the organisation is left. `progress` counts what was removed, and the steps that failed and were tried again.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(
    OpenApi.Description,
    "Users delete their own sessions and messages. Administrators erase a user or their organisation.",
  )
  .annotate(OpenApi.Title, "Deletion")
  .prefix("/api/v1") {}
