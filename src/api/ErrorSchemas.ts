/** The schemas of the error responses, one for each status, for the API description. */
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { type ErrorCode, Problem, statusOfCode } from "../protocol/PublicError.ts"

const envelope = (status: number) => {
  const codes = (Object.keys(statusOfCode) as Array<ErrorCode>).filter(
    (code) => statusOfCode[code] === status,
  )
  return Schema.Struct({
    success: Schema.Literal(false),
    error: Schema.Struct({
      code: Schema.Literals(codes),
      message: Schema.String,
      details: Schema.optionalKey(Schema.Array(Problem)),
      retryAfter: Schema.optionalKey(Schema.Int),
      requestId: Schema.optionalKey(Schema.String),
      traceId: Schema.optionalKey(Schema.String),
    }),
  }).pipe(HttpApiSchema.status(status))
}

export const errorSchemas = [...new Set(Object.values(statusOfCode))].map(envelope)
