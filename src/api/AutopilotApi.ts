/** The guarded rollout: start a plan, watch it with every number behind its verdicts, pause, resume, abort, approve. */
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

/** Goes to the audit. */
const reason = Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 500)))

/** A field that is left out is the default plan's. */
export const AutopilotStart = Schema.Struct({
  ...AutopilotPlan.mapFields(Struct.map(Schema.optionalKey)).fields,
  margins: Schema.optionalKey(AutopilotMargins.mapFields(Struct.map(Schema.optionalKey))),
  reason,
})
export type AutopilotStart = typeof AutopilotStart.Type

export const AutopilotView = Schema.Struct({
  ...AutopilotState.fields,
  /** The next percentage, if the mode is as good until then, and its earliest time. Null: there is no further step. */
  next: Schema.NullOr(Schema.Struct({ percentage: Schema.Finite, notBefore: Schema.Int })),
})
export type AutopilotView = typeof AutopilotView.Type

// The body may be absent: a person on call types the request by hand.
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
      .annotate(OpenApi.Summary, "The guarded rollout: step, last verdict, history; null before the first"),
    HttpApiEndpoint.post("start", "/", {
      payload: orNothing(AutopilotStart),
      success: success(AutopilotView),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      // A misspelt margin that is passed over would be another one than was meant.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Begin a plan of rising percentages"),
    command("pause", "Leave the percentage as it is"),
    command("resume", "Go on, with the step's data from now on"),
    command("abort", "End it, back to the percentage from before or the present one, whichever is lower"),
    command("approve", "Let it go past 50 %"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/runtime/autopilot") {}
