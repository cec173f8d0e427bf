/** The error responses of an operation: one for each status, with the codes that this route can answer. Pure. */
import { type ErrorCode, statusOfCode } from "../../protocol/PublicError.ts"
import { meaningOfCode } from "./ErrorMeanings.ts"
import type { JsonObject } from "./Schemas.ts"

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

const detailsOf = (code: ErrorCode): JsonObject =>
  code === "VALIDATION_FAILED"
    ? { details: [{ path: "payload.agentId", message: "Expected a UUID" }] }
    : code === "INTERNAL_ERROR"
      ? { requestId: "019a5c5e-7b1c-7cc0-8f56-0d1f4a6f2b11" }
      : statusOfCode[code] === 429 || statusOfCode[code] === 503
        ? { retryAfter: 1 }
        : {}

const exampleOf = (code: ErrorCode) => ({
  value: { success: false, error: { code, message: meaningOfCode[code], ...detailsOf(code) } },
})

const responseOf = (codes: ReadonlyArray<ErrorCode>): JsonObject => {
  const media = {
    schema: bodySchema(codes),
    examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code)])),
  }
  return {
    description: codes.map((code) => `- \`${code}\`: ${meaningOfCode[code]}`).join("\n"),
    content: { "application/json": media },
  }
}

/** By status. */
export const errorResponses = (codes: ReadonlyArray<ErrorCode>): JsonObject =>
  Object.fromEntries(
    Object.entries(Object.groupBy(codes, (code) => statusOfCode[code])).map(([status, own = []]) => [
      status,
      responseOf(own),
    ]),
  )
