/** The error responses of an operation: one for each status, with the codes that this route can answer. Pure. */
import * as Schema from "effect/Schema"
import { version2 } from "../../protocol/agent2ui/Version2.ts"
import { errorProtocol } from "../../protocol/Protocols.ts"
import { type ErrorCode, statusOfCode, type PublicError } from "../../protocol/PublicError.ts"
import { meaningOfCode } from "./ErrorMeanings.ts"
import { isObject, type Json, type JsonObject } from "./Schemas.ts"

/** One wrong field of a request, for `components.schemas`. */
export const problemSchema: JsonObject = {
  type: "object",
  description: "One wrong field of a request.",
  required: ["path", "message"],
  properties: {
    path: { type: "string", description: "For example `payload.message` or `query.limit`." },
    message: { type: "string", description: "The values that are allowed." },
  },
}

const bodySchema = (codes: ReadonlyArray<ErrorCode>): JsonObject => ({
  type: "object",
  required: ["success", "error"],
  properties: {
    success: { type: "boolean", enum: [false] },
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "string", enum: codes },
        message: { type: "string", description: "For people. The text may change." },
        ...(codes.includes("VALIDATION_FAILED")
          ? { details: { type: "array", items: { $ref: "#/components/schemas/Problem" } } }
          : {}),
        retryAfter: { type: "integer", description: "Seconds to wait, as in `Retry-After`." },
        requestId: { type: "string", description: "For a report to the operators." },
        traceId: { type: "string", description: "For a report to the operators." },
      },
    },
  },
})

const detailsOf = (code: ErrorCode): Pick<PublicError, "details" | "requestId" | "retryAfter"> =>
  code === "VALIDATION_FAILED"
    ? { details: [{ path: "payload.agentId", message: "Expected a UUID" }] }
    : code === "INTERNAL_ERROR"
      ? { requestId: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" }
      : statusOfCode[code] === 429 || statusOfCode[code] === 503
        ? { retryAfter: 1 }
        : {}

/** The schema of a foreign protocol's bodies, from examples. A field has a type if all examples agree on it. */
const schemaLike = (values: ReadonlyArray<Json>): JsonObject => {
  if (values.every((value) => Array.isArray(value)))
    return { type: "array", items: schemaLike(values.flat()) }
  const objects = values.filter(isObject)
  if (objects.length === values.length) {
    const keys = [...new Set(objects.flatMap((object) => Object.keys(object)))]
    const inner = (key: string) => schemaLike(objects.flatMap((object) => object[key] ?? null))
    return { type: "object", properties: Object.fromEntries(keys.map((key) => [key, inner(key)])) }
  }
  const [type, ...others] = new Set(values.map((value) => (value === null ? "null" : typeof value)))
  return type === undefined || type === "null" || others.length > 0 ? {} : { type }
}

const fromText = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))

const responseOf = (path: string, codes: ReadonlyArray<ErrorCode>): JsonObject => {
  const protocol = errorProtocol(path, {})
  const bodies = codes.map((code) => {
    const { body, contentType } = protocol.error({ code, message: meaningOfCode[code], ...detailsOf(code) })
    const value: Json = fromText(body)
    return { code, type: contentType.split(";")[0] ?? contentType, value }
  })
  const [first] = bodies
  if (first === undefined) return { description: "" }
  const media = {
    schema: protocol === version2 ? bodySchema(codes) : schemaLike(bodies.map(({ value }) => value)),
    examples: Object.fromEntries(bodies.map(({ code, value }) => [code, { value }])),
  }
  return {
    description: codes.map((code) => `- \`${code}\`: ${meaningOfCode[code]}`).join("\n"),
    content: { [first.type]: media },
  }
}

/** By status. */
export const errorResponses = (path: string, codes: ReadonlyArray<ErrorCode>): JsonObject =>
  Object.fromEntries(
    Object.entries(Object.groupBy(codes, (code) => statusOfCode[code])).map(([status, own]) => [
      status,
      responseOf(path, own),
    ]),
  )
