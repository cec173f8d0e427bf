/** Sessions as a user organises them: titles, pins, archive, runs, counts and exports. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { RunId, SessionId, UserId } from "../domain/Ids.ts"
import { RunSummary, SessionCounts, SessionOverview } from "../domain/SessionOverview.ts"
import { userTitle } from "../domain/SessionTitle.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { ExportLine } from "./ExportLine.ts"
import { RouteErrors } from "./RouteErrors.ts"
import { runsPage } from "./SessionQuery.ts"

const title = Schema.String.check(Schema.makeFilter((text) => userTitle(text).problem))

export const SessionChanges = Schema.Struct({
  title: Schema.optionalKey(title).annotate({
    description: "At most 80 characters on one line. White space at its ends is removed.",
  }),
  pinned: Schema.optionalKey(Schema.Boolean),
  archived: Schema.optionalKey(Schema.Boolean).annotate({
    description: "True: leave the session out of the list. The next message to it sets it to false.",
  }),
}).check(
  Schema.makeFilter((changes) =>
    Object.keys(changes).length > 0 ? undefined : "Expected at least one of title, pinned and archived",
  ),
)

const ids = { sessionId: SessionId }
const ofSession = ["AUTH_AGENT_DENIED", "SESSION_NOT_FOUND"] as const
const exported = HttpApiSchema.StreamNdjson({ schema: ExportLine, maxElementBytes: "64 MiB" })

export class SessionsApi extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("counts", "/chat/sessions/counts", {
      success: success(SessionCounts),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "Count your sessions")
      .annotate(
        OpenApi.Description,
        "`total` and `running` include the archived sessions, `pinned` does not.",
      ),
    HttpApiEndpoint.patch("update", "/chat/sessions/:sessionId", {
      params: ids,
      payload: SessionChanges,
      success: success(SessionOverview),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["sessions:write"])
      // Writes have the limits of reads.
      .annotate(RouteErrors, [...ofSession, "RATE_LIMIT_USER", "RATE_LIMIT_ORG"])
      .annotate(OpenApi.Summary, "Rename, pin or archive a session")
      .annotate(
        OpenApi.Description,
        "Changes the given fields and leaves `updatedAt`, so that the session stays in its place. No model replaces a title that a user gave.",
      ),
    HttpApiEndpoint.get("runs", "/chat/sessions/:sessionId/runs", {
      params: ids,
      query: runsPage.query,
      success: success(Schema.Struct({ runs: Schema.Array(RunSummary), ...runsPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ofSession)
      .annotate(OpenApi.Summary, "List the runs of a session")
      .annotate(
        OpenApi.Description,
        "Newest first. `GET /api/v1/chat/runs/{runId}` has the decision and the attempts of a run.",
      ),
    HttpApiEndpoint.post("cancel", "/chat/sessions/:sessionId/cancel", {
      params: ids,
      success: success(
        Schema.Struct({ sessionId: SessionId, runId: Schema.NullOr(RunId), cancelled: Schema.Boolean }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ofSession)
      .annotate(OpenApi.Summary, "Cancel the answer of a session")
      .annotate(
        OpenApi.Description,
        "Cancels the running run of the session, on any replica. If no run is running, `runId` is null and `cancelled` is false.",
      ),
    HttpApiEndpoint.get("export", "/chat/sessions/:sessionId/export", {
      params: ids,
      success: exported,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ofSession)
      .annotate(OpenApi.Summary, "Export a session")
      .annotate(
        OpenApi.Description,
        "One JSON value a line. The export is complete if its last line has the type `end`.",
      ),
    HttpApiEndpoint.get("exportAll", "/chat/export", { success: exported, error: errorSchemas })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "Export all your sessions")
      .annotate(
        OpenApi.Description,
        "One JSON value a line, the newest session first, archived ones included. The export is complete if its last line has the type `end`.",
      ),
    HttpApiEndpoint.get("exportOfUser", "/users/:userId/export", {
      params: { userId: UserId },
      success: exported,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:content"])
      .annotate(OpenApi.Summary, "Export all sessions of a user")
      .annotate(
        OpenApi.Description,
        "For administrators: a user of the caller's organisation, who may have no session. Each call adds an entry to the audit.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Organise sessions: titles, pins, archive, counts, runs and exports.")
  .annotate(OpenApi.Title, "Sessions")
  .prefix("/api/v1") {}
