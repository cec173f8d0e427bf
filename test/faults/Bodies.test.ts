import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/api/Api.ts"
import { examplesOf } from "../../src/api/openapi/Examples.ts"
import { isObject } from "../../src/api/openapi/Schemas.ts"
import { defaultAgent, operatorToken } from "../support/chatClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"
import { dice, mutated } from "../fuzz/Mutation.ts"

const target = useOneGateway({ CHAT_DETACH_GRACE_MS: "1" }, () => operatorToken(["*", "operator:*"]))

/** Set `FUZZ_SEED` to try others. */
const seed = Number(process.env["FUZZ_SEED"] ?? 1)

interface Route {
  readonly method: string
  readonly path: string
  readonly schema: Schema.Codec<unknown>
  readonly examples: ReadonlyArray<string>
}

type Fields = Readonly<Record<string, Schema.Codec<unknown>>>
/** `schema` is the schema of the contract, without its JSON codec. */
type Body = Schema.Codec<unknown> & { readonly schema?: { readonly fields?: Fields } }

/** The fields of a body, without the rules between them: random fields almost never hold all of these. */
const shapeOf = (body: Body): Schema.Codec<unknown> =>
  body.schema?.fields === undefined ? body : Schema.Struct(body.schema.fields)

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Every route of the contract that takes JSON, with the shape of its body. */
const routes: ReadonlyArray<Route> = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).flatMap(({ identifier, method, path, payload }) => {
    const schemas = payload.get("application/json")?.schemas as ReadonlyArray<Body> | undefined
    if (schemas === undefined) return []
    const { request = {} } = examplesOf(group.identifier + capitalised(identifier))
    const examples = Object.values(request).flatMap((example) =>
      isObject(example) ? [JSON.stringify(example["value"])] : [],
    )
    const schema = Schema.Union(schemas.map(shapeOf))
    return [{ method, path: path.replace(/:\w+/g, defaultAgent), schema, examples }]
  }),
)

/** The examples of the route, and bodies with its shape, as JSON. */
const samplesOf = async ({ examples, schema }: Route): Promise<ReadonlyArray<Uint8Array>> => {
  const values = await Effect.runPromise(
    Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 10, seed, size: 4 }),
  )
  const encode = Schema.encodeUnknownSync(schema)
  const samples = values.map((value) => JSON.stringify(encode(value)))
  return [...examples, ...samples].map((body) => Buffer.from(body))
}

const send = async ({ method, path }: Route, body: Uint8Array): Promise<number> => {
  const abort = new AbortController()
  const headers = { authorization: `Bearer ${target.client.token}`, "content-type": "application/json" }
  const init = { method, headers, body: Buffer.from(body), signal: abort.signal }
  const response = await fetch(`${target.gateway.url}${path}`, init)
  const type = response.headers.get("content-type") ?? ""
  // A message may happen to be good: its stream is left.
  if (type.startsWith("text/event-stream")) abort.abort()
  else if (response.status !== 204) {
    const answer: unknown = await response.json()
    if (path.startsWith("/v1/")) expect(answer).toHaveProperty(response.ok ? "choices" : "error.message")
    else expect(answer).toHaveProperty("success", response.ok)
  }
  return response.status
}

const expected = new Set([200, 201, 202, 204, 400, 404, 409, 412, 413, 415, 422, 428, 429])

describe("C5: bodies from the schemas of the contract", () => {
  it("have routes to go to", () => {
    expect(routes.length).toBeGreaterThan(8)
  })

  it.each(routes.map((route) => [route.method, route.path, route] as const))(
    "of %s %s, whole and mutated, are taken or refused in the envelope",
    async (_, __, route) => {
      const samples = await samplesOf(route)
      const bodies = [
        ...samples,
        ...Array.from({ length: 60 }, (___, number) => mutated(samples, dice(seed * 1000 + number))),
      ]
      const statuses = await Promise.all(bodies.map((body) => send(route, body)))
      const odd = statuses.flatMap((status, at) =>
        expected.has(status) ? [] : [`${status}: ${Buffer.from(bodies[at]!).toString("latin1")}`],
      )
      expect(odd, `seed ${seed}`).toEqual([])
      expect(statuses, `seed ${seed}`).toContain(400)
      expect(target.gateway.isAlive()).toBe(true)
    },
  )

  it("leave no internal error in the log", () => {
    expect(target.gateway.output()).not.toContain("a request died")
  })
})
