/** Client of the API key routes of a running service. */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import { success } from "../api/Envelope.ts"
import { CreatedKey, KeyPage, KeyQuery, type NewKey } from "../api/KeysApi.ts"
import { ApiKey } from "../domain/ApiKey.ts"
import type { ApiKeyId } from "../domain/Ids.ts"
import { send, type Service } from "./ServiceClient.ts"

const created = success(CreatedKey)
const pageOfKeys = success(KeyPage)
const oneKey = success(ApiKey)

const path = "/api/v1/keys"
export const create = (service: Service, key: NewKey) =>
  Effect.flatMap(Effect.orDie(HttpClientRequest.bodyJson(HttpClientRequest.post(path), key)), (request) =>
    send(service, request, created),
  )

const pageSize = 100
const encodeQuery = Schema.encodeEffect(KeyQuery)

export const page = (service: Service, cursor: ApiKeyId | undefined) =>
  Effect.flatMap(
    Effect.orDie(encodeQuery({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) })),
    (urlParams) => send(service, HttpClientRequest.get(path, { urlParams }), pageOfKeys),
  )

export const revoke = (service: Service, id: ApiKeyId) =>
  send(service, HttpClientRequest.delete(`${path}/${id}`), oneKey)
