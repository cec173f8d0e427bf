import * as OpenApi from "effect/http-api/OpenApi"
import { expect, it } from "vitest"
import { Api } from "../../src/api/Api.ts"

type Node = Readonly<Record<string, unknown>>
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null

const document = OpenApi.fromApi(Api)

/** The places of a body's schema where a list has no largest length. */
const unbounded = (
  node: unknown,
  path: string,
  seen: ReadonlySet<unknown> = new Set(),
): ReadonlyArray<string> => {
  if (!isNode(node) || seen.has(node)) return []
  const within = new Set([...seen, node])
  const ref = node["$ref"]
  const target =
    typeof ref === "string" ? document.components.schemas[ref.split("/").at(-1) ?? ""] : undefined
  const here = node["type"] === "array" && node["maxItems"] === undefined ? [path] : []
  const below = Object.entries(node).flatMap(([key, value]) => unbounded(value, `${path}.${key}`, within))
  return [...here, ...below, ...unbounded(target, path, within)]
}

it("every list in a request's body has a largest length", () => {
  const bodies = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      isNode(operation) && "requestBody" in operation
        ? [[`${method} ${path}`, operation["requestBody"]] as const]
        : [],
    ),
  )
  expect(bodies.length).toBeGreaterThan(8)
  expect(bodies.flatMap(([name, body]) => unbounded(body, name))).toEqual([])
})
