/** Client of the routes of users' runs of a running service. */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import { success } from "../api/Envelope.ts"
import { RunsPage, RunsQuery, RunView } from "../api/OperatorRunsApi.ts"
import type { RunId } from "../domain/Ids.ts"
import { send, type Service } from "./ServiceClient.ts"

const path = "/api/v1/runtime/runs"
const pageOfRuns = success(RunsPage)
const oneRun = success(RunView)
const encodeQuery = Schema.encodeEffect(RunsQuery)

export const page = (service: Service, query: RunsQuery) =>
  Effect.flatMap(Effect.orDie(encodeQuery(query)), (urlParams) =>
    send(service, HttpClientRequest.get(path, { urlParams }), pageOfRuns),
  )

export const show = (service: Service, id: RunId, content: boolean) =>
  send(service, HttpClientRequest.get(`${path}/${id}`, { urlParams: { content: String(content) } }), oneRun)
