/** Feedback of users on the answers of their own sessions. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Feedback, Rating, Score } from "../domain/Feedback.ts"
import { isBlank } from "../domain/History.ts"
import { MessageId } from "../domain/Ids.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"

export const maxCommentLength = 2000

const comment = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected at least 1 character" }).abort(),
  Schema.makeFilter((text) => !isBlank(text) || "Expected at least 1 visible character"),
  Schema.makeFilter((text) => text.isWellFormed() || "Expected well-formed Unicode"),
  Schema.isMaxLength(maxCommentLength, { message: `Expected at most ${maxCommentLength} characters` }),
)

const orNone = <S extends Schema.Constraint>(field: S, description: string) =>
  Schema.optionalKey(Schema.NullOr(field)).annotate({ description })

const given = Schema.Struct({
  rating: orNone(Rating, "Thumbs up or down"),
  score: orNone(Score, "A number from 0, the worst, to 1, the best"),
  comment: orNone(comment, "The user's own words, which operators can read"),
}).check(
  Schema.makeFilter(({ comment, rating, score }) =>
    (comment ?? rating ?? score ?? null) === null
      ? { path: ["rating"], issue: "Expected at least one of rating, score and comment" }
      : undefined,
  ),
)

const path = "/messages/:messageId/feedback"
const params = { messageId: MessageId }
const refusals = ["AUTH_AGENT_DENIED", "MESSAGE_NOT_FOUND"] as const
/** Writes have the limits of reads. */
const ofWrites = [...refusals, "RATE_LIMIT_USER", "RATE_LIMIT_ORG"] as const

export class FeedbackApi extends HttpApiGroup.make("feedback")
  .add(
    HttpApiEndpoint.get("get", path, {
      params,
      success: success(Schema.Struct({ feedback: Schema.NullOr(Feedback) })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, refusals)
      .annotate(OpenApi.Summary, "Read your feedback on an answer")
      .annotate(OpenApi.Description, "`feedback` is null if there is none."),
    HttpApiEndpoint.put("put", path, {
      params,
      payload: given,
      success: success(Schema.Struct({ feedback: Feedback })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, [...ofWrites, "QUOTA_EXCEEDED"])
      // A misspelled field, if ignored, would be lost.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Give feedback on an answer")
      .annotate(
        OpenApi.Description,
        "Replaces the feedback on an assistant's message, also of a failed turn. Absent fields become null. Send at least one field.",
      ),
    HttpApiEndpoint.delete("withdraw", path, {
      params,
      success: success(Schema.Struct({ messageId: MessageId, withdrawn: Schema.Boolean })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ofWrites)
      .annotate(OpenApi.Summary, "Withdraw your feedback on an answer")
      .annotate(OpenApi.Description, "`withdrawn` is false if there was none."),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Thumbs, scores and comments of users on the answers that they got.")
  .annotate(OpenApi.Title, "Feedback")
  .prefix("/api/v1/chat") {}
