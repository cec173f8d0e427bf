import * as OpenApi from "effect/http-api/OpenApi"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/api/Api.ts"

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the document
const document: any = OpenApi.fromApi(Api)
// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the document
const operations: ReadonlyArray<any> = Object.values(document.paths).flatMap((item) =>
  Object.values(item as object),
)
const byId = new Map(operations.map((operation) => [operation.operationId, operation]))

describe("the API description", () => {
  it("names the bearer scheme in the case that viewers know", () => {
    expect(document.components.securitySchemes.bearer).toMatchObject({ type: "http", scheme: "bearer" })
  })

  it("asks for a token on every route but those of health and the console", () => {
    const open = operations.filter(({ security }) => security.length === 0)
    expect(open.map(({ operationId }) => operationId)).toEqual([
      "healthLive",
      "healthReady",
      "consoleSettings",
      "consoleSignIn",
    ])
  })

  it("states the permissions that the routes enforce", () => {
    expect(byId.get("chatStart").description).toContain("`chat:write` and `sessions:write`")
    expect(byId.get("runtimeMetricsOfOrg").description).toContain("`admin:read`, or `operator:read`")
    expect(byId.get("chatEvents").description).toContain("or a read ticket")
    for (const id of ["chatFile", "filesDownload"])
      expect(byId.get(id).description).toContain("`chat:read`, or a file ticket")
    expect(byId.get("healthLive").description).toContain("Public")
    for (const { description } of operations)
      expect(description).toMatch(/Requires (the permissions? `|a token)|Public/)
  })

  it("has names for generators, and explains every parameter", () => {
    for (const { operationId, parameters } of operations) {
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/)
      for (const { description, name } of parameters)
        expect([operationId, name, description]).toEqual([operationId, name, expect.stringMatching(/\w/)])
    }
  })

  it("lists the headers of a stream and of its errors", () => {
    const { responses } = byId.get("chatStart")
    const stream = [
      "X-Run-ID",
      "X-Session-ID",
      "X-Execution-Mode",
      "Idempotent-Replayed",
      "X-RateLimit-Limit",
    ]
    expect(Object.keys(responses["200"].headers)).toEqual(expect.arrayContaining(stream))
    expect(Object.keys(responses["429"].headers)).toContain("Retry-After")
    expect(
      Object.keys(byId.get("rolloutGet").responses["200"].headers).map((name) => name.toLowerCase()),
    ).toContain("etag")
  })

  it("describes streams by the data of their events, without the additions of the generator", () => {
    const { schema, ...media } = byId.get("chatStart").responses["200"].content["text/event-stream"]
    expect(Object.keys(media)).toEqual(["examples"])
    expect(schema.anyOf).toContainEqual({ $ref: "#/components/schemas/Agent2UIMessage" })
  })
})
