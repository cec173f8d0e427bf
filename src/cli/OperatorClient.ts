/** Client of the operators' routes of a running service. */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import { type AutopilotStart, AutopilotView } from "../api/AutopilotApi.ts"
import { success } from "../api/Envelope.ts"
import { RolloutDocument } from "../api/RolloutApi.ts"
import { type Order, OrgsPage, OrgsQuery, StatusPage } from "../api/RuntimeApi.ts"
import { ShadowReport } from "../api/ShadowApi.ts"
import { ShadowPair } from "../domain/ShadowPair.ts"
import type { OrgId } from "../domain/Ids.ts"
import type { RolloutPatch } from "../domain/RolloutSettings.ts"
import { exchange, send, type Service, withBody } from "./ServiceClient.ts"

const base = "/api/v1/runtime"

const document = success(RolloutDocument)

/** With its validator for `If-Match`. */
export const rollout = (service: Service) =>
  Effect.map(
    exchange(service, HttpClientRequest.get(`${base}/rollout`), document),
    ({ answer, headers }) => ({
      document: answer.data,
      etag: headers["etag"] ?? "*",
    }),
  )

export const changeRollout = (
  service: Service,
  change: RolloutPatch & { readonly reason?: string },
  etag: string,
) =>
  send(
    service,
    HttpClientRequest.setHeader(withBody("PUT", `${base}/rollout`, change), "if-match", etag),
    document,
  )

const orgsPage = success(OrgsPage)
const encodeOrgsQuery = Schema.encodeEffect(OrgsQuery)

export const orgs = (service: Service, cursor: OrgId | undefined) =>
  Effect.flatMap(
    Effect.orDie(encodeOrgsQuery({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) })),
    (urlParams) => send(service, HttpClientRequest.get(`${base}/orgs`, { urlParams }), orgsPage),
  )

const status = success(StatusPage)

export const breaker = (service: Service) =>
  send(service, HttpClientRequest.get(`${base}/fallback/status`), status)

export const override = (service: Service, order: typeof Order.Type) =>
  send(service, withBody("POST", `${base}/fallback/force`, order), status)

export const reset = (service: Service, given: { readonly orgId?: OrgId; readonly reason?: string }) =>
  send(service, withBody("POST", `${base}/fallback/reset`, given), status)

const autopilotOrNothing = success(Schema.NullOr(AutopilotView))
const startedAutopilot = success(AutopilotView)

export const autopilot = (service: Service) =>
  send(service, HttpClientRequest.get(`${base}/autopilot`), autopilotOrNothing)

export const startAutopilot = (service: Service, start: AutopilotStart) =>
  send(service, withBody("POST", `${base}/autopilot`, start), startedAutopilot)

export const steerAutopilot = (
  service: Service,
  verb: "promote" | "pause" | "resume" | "abort",
  given: { readonly reason?: string },
) => send(service, withBody("POST", `${base}/autopilot/${verb}`, given), startedAutopilot)

const report = success(ShadowReport)
const mismatchesPage = success(
  Schema.Struct({ mismatches: Schema.Array(ShadowPair), nextCursor: Schema.NullOr(Schema.String) }),
)
type Query = Readonly<Record<string, string>>

export const shadowReport = (service: Service, urlParams: Query) =>
  send(service, HttpClientRequest.get(`${base}/shadow/report`, { urlParams }), report)

export const shadowMismatches = (service: Service, urlParams: Query) =>
  send(service, HttpClientRequest.get(`${base}/shadow/mismatches`, { urlParams }), mismatchesPage)
