/** What the contract's schemas refuse, as one 400 that names every field and what is allowed there. */
import * as Effect from "effect/Effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import type { HttpApiSchemaError } from "effect/http-api/HttpApiError"
import * as SchemaIssue from "effect/SchemaIssue"
import { RequestValidation } from "../api/Authorization.ts"
import { messageTooLong } from "../api/ChatApi.ts"
import type { Problem, PublicError } from "../api/PublicError.ts"
import { invalid, respond } from "./ErrorMapping.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === "object" ? part.key : part)

const problemsOf = (error: HttpApiSchemaError): ReadonlyArray<Problem> =>
  format(error.cause.issue).issues.map(({ message, path }) => ({
    path: [error.kind.toLowerCase(), ...(path ?? []).map(segment)].join("."),
    message,
  }))

const publicOf = (error: HttpApiSchemaError): PublicError => {
  const details = problemsOf(error)
  return details.some(({ message }) => message === messageTooLong)
    ? { ...invalid(details), code: "VALIDATION_MESSAGE_TOO_LONG", message: `${messageTooLong} in a message.` }
    : invalid(details)
}

export const layer = HttpApiMiddleware.layerSchemaErrorTransform(RequestValidation, (error) =>
  // A response that does not fit its schema is a bug of ours, and the edge answers those.
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.die(error)
    : Effect.succeed(respond(publicOf(error))),
)
