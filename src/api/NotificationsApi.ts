/** The notifications of the people on call. They arrive by webhook and in the live view; here an operator tries the webhooks. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { webhookForms } from "../domain/Webhook.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

const TestResult = Schema.Struct({
  /** A name of NOTIFY_WEBHOOKS. */
  target: Schema.String,
  form: Schema.Literals(webhookForms),
  delivered: Schema.Boolean,
  /** The status of the answer. Null without an answer. */
  status: Schema.NullOr(Schema.Int),
  /** The cause of a failure. Null if the test was delivered. */
  reason: Schema.NullOr(Schema.String),
  ms: Schema.Int,
})
export type TestResult = typeof TestResult.Type

export const TestResults = Schema.Struct({ results: Schema.Array(TestResult) })

export class NotificationsApi extends HttpApiGroup.make("notifications")
  .add(
    HttpApiEndpoint.post("test", "/test", { success: success(TestResults), error: errorSchemas })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(OpenApi.Summary, "Try the webhooks")
      .annotate(
        OpenApi.Description,
        "Sends a test notification to each webhook once, and answers with each result. Without a webhook the list is empty.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "For operators: the messages that the service sends to the people on call.")
  .annotate(OpenApi.Title, "Notifications")
  .prefix("/api/v1/runtime/notifications") {}
