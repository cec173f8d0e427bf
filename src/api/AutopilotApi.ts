/** API of the guarded rollout: start a plan, read its verdicts with every number, pause, resume, abort, promote. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { AutopilotMargins, AutopilotPlan, AutopilotState } from "../domain/Autopilot.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"

/** Stored in the audit. */
const reason = Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 500)))

/** A missing field takes its value from the default plan. */
export const AutopilotStart = Schema.Struct({
  ...AutopilotPlan.mapFields(Struct.map(Schema.optionalKey)).fields,
  margins: Schema.optionalKey(AutopilotMargins.mapFields(Struct.map(Schema.optionalKey))),
  reason,
})
export type AutopilotStart = typeof AutopilotStart.Type

export const AutopilotView = Schema.Struct({
  ...AutopilotState.fields,
  /** The next percentage and the earliest time of that step. Null: there is no further step. */
  next: Schema.NullOr(Schema.Struct({ percentage: Schema.Finite, notBefore: Schema.Int })),
})
export type AutopilotView = typeof AutopilotView.Type

// The body may be missing, because a person on call types the request by hand.
const orNothing = <S extends Schema.Constraint>(payload: S) => [payload, Schema.Null] as const

const command = <const Name extends string>(name: Name, summary: string, description: string) =>
  HttpApiEndpoint.post(name, `/${name}`, {
    payload: orNothing(Schema.Struct({ reason })),
    success: success(AutopilotView),
    error: errorSchemas,
  })
    .annotate(RequiredPermissions, ["operator:write"])
    .annotate(RouteErrors, ["AUTOPILOT_CONFLICT"])
    .annotate(OpenApi.Summary, summary)
    .annotate(OpenApi.Description, description)

export class AutopilotApi extends HttpApiGroup.make("autopilot")
  .add(
    HttpApiEndpoint.get("state", "/", {
      success: success(Schema.NullOr(AutopilotView)),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the guarded rollout")
      .annotate(OpenApi.Description, "Step, last verdict and history. Null before the first start."),
    HttpApiEndpoint.post("start", "/", {
      payload: orNothing(AutopilotStart),
      success: success(AutopilotView),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(RouteErrors, ["AUTOPILOT_CONFLICT"])
      // A misspelt margin must fail: ignored, it would leave the default in force.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Start a guarded rollout")
      .annotate(OpenApi.Description, "Absent fields take their values from the default plan."),
    command("pause", "Pause the rollout", "The present percentage stays."),
    command("resume", "Resume the rollout", "The step starts again without its earlier data."),
    command(
      "abort",
      "Abort the rollout",
      "Restores the percentage from before the plan, or keeps the present one if that is lower.",
    ),
    command(
      "promote",
      "Raise the percentage past 50 %",
      "Works when the plan waits for an operator (`awaiting_approval`).",
    ),
    command("approve", "Older name of `promote`", "Use `promote`.").annotate(OpenApi.Deprecated, true),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(
    OpenApi.Description,
    "For operators: raises the share of turns on the runtime step by step, and lowers it when a guardrail fails.",
  )
  .annotate(OpenApi.Title, "Guarded rollout")
  .prefix("/api/v1/runtime/autopilot") {}
