import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/api/Api.ts"
import { routesOf } from "../../src/api/openapi/Document.ts"
import type { Endpoint } from "../../src/api/RouteErrors.ts"
import { messageTypes } from "../../src/protocol/agent2ui/Message.ts"

interface Example {
  readonly summary?: string
  readonly value: unknown
}
type Content = Readonly<Record<string, { readonly examples?: Readonly<Record<string, Example>> }>>

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the document
const document: any = OpenApi.fromApi(Api)

/** A misspelled optional field would pass a check that allows unknown fields. */
const strict = { onExcessProperty: "error" } as const
const decode = (schemas: ReadonlyArray<Schema.Top>, value: unknown): unknown =>
  Schema.decodeUnknownSync(Schema.Union(schemas as ReadonlyArray<Schema.Codec<unknown>>), strict)(value)

const bodyOf = (schema: Schema.Top): Schema.Top =>
  HttpApiSchema.isWithHeaders(schema) ? schema.schema : schema

/** The summary of an event's example starts with the event's name. */
const frameOf = ({ summary = "", value }: Example) => ({
  event: summary.split(/[,:]/)[0],
  data: JSON.stringify(value),
})

const checkAnswer = (endpoint: Endpoint, type: string, example: Example) => {
  const isStream = type === "text/event-stream"
  const schemas = [...endpoint.success].map(bodyOf).filter((schema) => "events" in schema === isStream)
  const [first] = schemas
  // Each example of a stream of lines is one line.
  if (type === "application/x-ndjson" && first !== undefined && "schema" in first)
    return Schema.isSchema(first.schema) && decode([first.schema], example.value)
  return first !== undefined && "events" in first && Schema.isSchema(first.events)
    ? decode([first.events], frameOf(example))
    : decode(schemas, example.value)
}

const answersOf = (operation: {
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}) =>
  Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
    Number(status) < 300 && !("application/octet-stream" in content) ? Object.entries(content) : [],
  )

describe("the examples of the API description", () => {
  const all = [...routesOf(Api.groups)]

  it.each(all)("fit the schemas of the contract: %s", (key, { endpoint }) => {
    const [method = "", path = ""] = key.split(" ")
    const operation = document.paths[path][method]
    for (const [type, { examples }] of answersOf(operation)) {
      expect(Object.keys(examples ?? {}).length).toBeGreaterThan(0)
      for (const example of Object.values(examples ?? {})) checkAnswer(endpoint, type, example)
    }
    const payload = endpoint.payload.get("application/json")
    if (payload === undefined) return
    const { examples = {} } = (operation.requestBody.content as Content)["application/json"] ?? {}
    expect(Object.keys(examples).length).toBeGreaterThan(0)
    for (const { value } of Object.values(examples)) decode(payload.schemas, value)
  })

  it("contain every type of message", () => {
    const { examples } =
      document.paths["/api/v1/chat/start"].post.responses["200"].content["text/event-stream"]
    expect(new Set(Object.keys(examples))).toEqual(new Set([...messageTypes, "heartbeat", "failed", "done"]))
  })
})
