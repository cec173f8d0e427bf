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

// The body may be missing: a person on call types the request by hand.
const orNothing = <S extends Schema.Constraint>(payload: S) => [payload, Schema.Null] as const

const command = <const Name extends string>(name: Name, summary: string) =>
  HttpApiEndpoint.post(name, `/${name}`, {
    payload: orNothing(Schema.Struct({ reason })),
    success: success(AutopilotView),
    error: errorSchemas,
  })
    .annotate(RequiredPermissions, ["operator:write"])
    .annotate(OpenApi.Summary, summary)

export class AutopilotApi extends HttpApiGroup.make("autopilot")
  .add(
    HttpApiEndpoint.get("state", "/", {
      success: success(Schema.NullOr(AutopilotView)),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(
        OpenApi.Summary,
        "Read the guarded rollout: step, last verdict, history; null before the first start",
      ),
    HttpApiEndpoint.post("start", "/", {
      payload: orNothing(AutopilotStart),
      success: success(AutopilotView),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      // A misspelt margin must fail: ignored, it would leave the default in force.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Start a plan of rising percentages"),
    command("pause", "Pause the plan and keep the present percentage"),
    command("resume", "Resume the plan; the step starts again without its earlier data"),
    command(
      "abort",
      "End the plan and set the percentage from before it, or the present one if that is lower",
    ),
    command("promote", "Raise the percentage past 50 %, when the plan waits for an operator"),
    command("approve", "Older name of `promote`").annotate(OpenApi.Deprecated, true),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/runtime/autopilot") {}
