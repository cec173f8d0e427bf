/**
 * Completes the generated API description with all that follows from the contract: ids, permissions, errors, headers
 * and examples. Pure.
 */
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import { statusOfCode } from "../../protocol/PublicError.ts"
import { type Endpoint, errorCodesOf, isAuthenticated, StreamsRun } from "../RouteErrors.ts"
import { curlOf } from "./Curl.ts"
import { errorResponses, problemSchema } from "./Errors.ts"
import { messageExamples } from "./examples/EventExamples.ts"
import { examplesOf, parameterExamples, parameterMeanings } from "./Examples.ts"
import { headersOn } from "./Headers.ts"
import { accessOf } from "./Access.ts"
import {
  everywhere,
  isObject,
  type Json,
  type JsonObject,
  openToFields,
  simplified,
  used,
  withoutTwins,
} from "./Schemas.ts"
import { streamMedia } from "./Streams.ts"

interface Group {
  readonly identifier: string
  readonly endpoints: Readonly<Record<string, Endpoint>>
}
export type Groups = Readonly<Record<string, Group>>

interface Route {
  readonly operationId: string
  readonly endpoint: Endpoint
}

const capitalised = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** By method and path, as `get /api/v1/agents/{agentId}`. */
export const routesOf = (groups: Groups): ReadonlyMap<string, Route> =>
  new Map(
    Object.values(groups).flatMap(({ endpoints, identifier }) =>
      Object.values(endpoints).map((endpoint) => [
        `${endpoint.method.toLowerCase()} ${endpoint.path.replaceAll(/:(\w+)/g, "{$1}").replace(/(.)\/$/, "$1")}`,
        { endpoint, operationId: `${identifier}${capitalised(endpoint.identifier)}` },
      ]),
    ),
  )

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const textOf = (value: Json | undefined): string | undefined =>
  typeof value === "string" ? value : undefined
const mapValues = (object: JsonObject, change: (value: JsonObject, key: string) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(objectOf(value), key)]))

/** Scalar sends the example of every parameter, unless `x-disabled` keeps it out of the prepared request. */
const parameterExample = (name: string, required: boolean, requests: ReadonlyArray<string>): JsonObject => {
  const value = parameterExamples[name]
  if (value === undefined) return {}
  if (required) return { example: value }
  return { examples: Object.fromEntries(requests.map((key) => [key, { value, "x-disabled": true }])) }
}

/** `requests`: the names of the request's examples. */
const parameter = (given: Json, requests: ReadonlyArray<string>): Json => {
  const { description, ...schema } = objectOf(objectOf(given)["schema"])
  const { name: named, required } = objectOf(given)
  const name = textOf(named) ?? ""
  return {
    ...objectOf(given),
    description: description ?? parameterMeanings[name] ?? "",
    schema,
    ...parameterExample(name, required === true, requests),
  }
}

const withExamples = (media: JsonObject, examples: JsonObject | undefined): JsonObject =>
  examples === undefined ? media : { ...media, examples }

const noMoreEvents = { description: "The request resumes after the last event of a run that has ended." }

const nothingRuns = { description: "No run of the chat is running." }

const errorStatuses = new Set<number>(Object.values(statusOfCode))

/** The contract gives every endpoint the same list of errors, for Effect's own client. */
const isListed = ({ error }: Endpoint, status: number): boolean => error.size > 0 && errorStatuses.has(status)

/** The answers that are not errors, and the errors of this route. */
const responses = (
  { endpoint, operationId }: Route,
  given: JsonObject,
  components: JsonObject,
): JsonObject => {
  const stream = Context.getOrUndefined(endpoint.annotations, StreamsRun)
  const { response, stream: events = response } = examplesOf(operationId)
  const own = Object.entries(given).filter(([status]) => !isListed(endpoint, Number(status)))
  const all = {
    ...Object.fromEntries(own),
    ...(stream === undefined ? {} : { "204": stream === "finds" ? nothingRuns : noMoreEvents }),
    ...errorResponses(endpoint.path, errorCodesOf(endpoint)),
  }
  return mapValues(all, (answer, status) => {
    const isRun = stream !== undefined && !(stream === "finds" && status === "204")
    const place = { status: Number(status), isRun, startsTurns: stream === "starts" }
    const content = mapValues(objectOf(answer["content"]), (media, type) =>
      Number(status) >= 400
        ? media
        : type === "text/event-stream"
          ? withExamples(streamMedia(media, components), events)
          : withExamples(media, response),
    )
    const description = answer["description"] === "Success" ? "The answer." : answer["description"]
    return {
      ...answer,
      description: stream !== undefined && status === "200" ? "The events of the run." : (description ?? ""),
      headers: { ...headersOn(place), ...objectOf(answer["headers"]) },
      ...(answer["content"] === undefined ? {} : { content }),
    }
  })
}

/** Bodies of some routes refuse unknown fields. */
const isStrict = ({ annotations }: Endpoint): boolean =>
  Context.getOrUndefined(annotations, HttpApi.PayloadParseOptions)?.onExcessProperty === "error"

const body = ({ endpoint, operationId }: Route, given: JsonObject): JsonObject => {
  const { request } = examplesOf(operationId)
  const content = mapValues(objectOf(given["content"]), (media) => withExamples(media, request))
  const complete = { ...given, content }
  return isStrict(endpoint) ? complete : objectOf(everywhere(complete, openToFields))
}

const samples = (key: string, { endpoint, operationId }: Route) => {
  const [method = "", path = ""] = key.split(" ")
  const [first] = Object.values(examplesOf(operationId).request ?? {})
  const isStream = Context.getOrUndefined(endpoint.annotations, StreamsRun) !== undefined
  const request = {
    method,
    path,
    isStream,
    isPublic: !isAuthenticated(endpoint),
    body: objectOf(first)["value"],
  }
  return curlOf(request, parameterExamples)
}

const operation = (key: string, route: Route, given: JsonObject, components: JsonObject): JsonObject => {
  const { description, parameters, requestBody, responses: answers, ...rest } = given
  const requests = Object.keys(examplesOf(route.operationId).request ?? {})
  return {
    ...rest,
    operationId: route.operationId,
    "x-codeSamples": samples(key, route),
    description: [textOf(description), accessOf(route.endpoint)]
      .filter((text) => text !== undefined)
      .join("\n\n"),
    parameters: Array.isArray(parameters)
      ? parameters.map((given: Json) => parameter(given, requests.length === 0 ? ["default"] : requests))
      : [],
    ...(requestBody === undefined ? {} : { requestBody: body(route, objectOf(requestBody)) }),
    responses: everywhere(responses(route, objectOf(answers), components), openToFields),
  }
}

const withMeanings = (schemas: JsonObject): JsonObject =>
  mapValues(schemas, (schema, name) => {
    const meaning = Object.entries(messageExamples).find(([type]) => name === `Agent2UI_${type}`)?.[1].meaning
    return meaning === undefined ? schema : { ...schema, description: meaning }
  })

/** The description of an API whose generated one is `spec`. */
export const completed = (spec: JsonObject, groups: Groups): JsonObject => {
  const plain = objectOf(simplified(withoutTwins(spec)))
  const { schemas: generated, securitySchemes } = objectOf(plain["components"])
  const schemas = withMeanings(objectOf(generated))
  const routes = routesOf(groups)
  const paths = mapValues(objectOf(plain["paths"]), (item, path) =>
    mapValues(item, (given, method) => {
      const route = routes.get(`${method} ${path}`)
      return route === undefined ? given : operation(`${method} ${path}`, route, given, schemas)
    }),
  )
  const { security: _, ...head } = plain
  return {
    ...head,
    paths,
    components: {
      schemas: used(paths, { ...objectOf(everywhere(schemas, openToFields)), Problem: problemSchema }),
      // Viewers compare schemes with the lower-case `bearer`, and ask for a user and a password for any other.
      securitySchemes: mapValues(objectOf(securitySchemes), (scheme) =>
        typeof scheme["scheme"] === "string" ? { ...scheme, scheme: scheme["scheme"].toLowerCase() } : scheme,
      ),
    },
  }
}
