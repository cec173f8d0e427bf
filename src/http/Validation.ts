/**
 * Turns refusals of the contract's schemas into one 400 that names the fields and the allowed values. The response
 * and its cost stay small for any body: docs/decisions/0006-errors-as-responses.md.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import { HttpApiSchemaError } from "effect/http-api/HttpApiError"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { isUtf8 } from "node:buffer"
import * as SchemaIssue from "effect/SchemaIssue"
import { RequestValidation } from "../api/Authorization.ts"
import { BodyLimit } from "../api/BodyLimit.ts"
import { messageTooLong } from "../api/TurnBody.ts"
import type { Problem, PublicError } from "../protocol/PublicError.ts"
import { invalid, respond } from "./ErrorMapping.ts"
import { isTooLarge } from "./BodySize.ts"
import { shapeOf } from "./JsonScan.ts"

/** Real bodies, tool schemas included, nest less than 20 levels. */
const deepest = 64
/** A larger body is refused for its first problem, because each entry can have six, of about 100 bytes each. */
const mostEntriesForAllProblems = 1000

const decodeJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === "object" ? part.key : part)

const problemsOf = (kind: string, issue: SchemaIssue.Issue): ReadonlyArray<Problem> =>
  format(issue).issues.map(({ message, path }) => ({
    path: [kind.toLowerCase(), ...(path ?? []).map(segment)].join("."),
    message,
  }))

const publicOf = (problems: ReadonlyArray<Problem>): PublicError =>
  problems.some(({ message }) => message === messageTooLong)
    ? {
        ...invalid(problems),
        code: "VALIDATION_MESSAGE_TOO_LONG",
        message: `${messageTooLong} in a message.`,
      }
    : invalid(problems)

/** All problems of a small body that was refused for its first one. */
const allProblems = (
  endpoint: HttpApiEndpoint.Top,
  text: string,
  first: SchemaIssue.Issue,
): Effect.Effect<SchemaIssue.Issue> => {
  // The contract's schemas need no services, which the endpoint's type does not express.
  const schemas = endpoint.payload.get("application/json")?.schemas as
    | ReadonlyArray<Schema.Codec<unknown>>
    | undefined
  if (schemas === undefined || shapeOf(text).entries > mostEntriesForAllProblems) return Effect.succeed(first)
  const options = Context.getOrUndefined(endpoint.annotations, HttpApi.PayloadParseOptions)
  const decode = Schema.decodeUnknownEffect(Schema.Union(schemas), { ...options, errors: "all" })
  return decodeJson(text).pipe(
    Effect.matchEffect({
      onFailure: () => Effect.succeed(first),
      onSuccess: (value) =>
        Effect.match(decode(value), { onSuccess: () => first, onFailure: ({ issue }) => issue }),
    }),
  )
}

/** Decoding has replaced bytes by U+FFFD, so another message than the caller's would be stored. */
const notUtf8 = invalid([{ path: "payload", message: "Expected UTF-8" }])
const replaced = "\ufffd"

const tooDeep = invalid([{ path: "payload", message: `Expected at most ${deepest} levels of nesting` }])

const refusal = Effect.fnUntraced(function* (
  error: HttpApiSchemaError,
  endpoint: HttpApiEndpoint.Top,
  text: string,
) {
  // A response that does not fit its schema is a bug, and the edge answers those.
  if (error.kind === "Body" || error.kind === "ResponseHeaders") return yield* Effect.die(error)
  const { issue } = error.cause
  const all = error.kind === "Payload" ? yield* allProblems(endpoint, text, issue) : issue
  return yield* respond(publicOf(problemsOf(error.kind, all)))
})

const tooLarge = (limit: number): PublicError => ({
  code: "PAYLOAD_TOO_LARGE",
  message: `The body is larger than ${limit} MiB. Upload the files and send their addresses.`,
})

/** The route's own limit of the body. */
const limited = <E, R>(
  served: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  limit: number,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, HttpServerRequest.HttpServerRequest | R> =>
  served.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.mebibytes(limit)),
    Effect.catchCauseIf(
      (cause) => isTooLarge(cause),
      () => respond(tooLarge(limit)),
    ),
  )

// One generator function for all requests (decision 28).
const validated = Effect.fnUntraced(function* <E, R>(
  httpEffect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  endpoint: HttpApiEndpoint.Top,
) {
  const request = yield* HttpServerRequest.HttpServerRequest
  // The handler reads the same text, because the request caches it. The edge answers an unreadable body.
  const text = endpoint.payload.size === 0 ? "" : yield* Effect.orDie(request.text)
  if (text.includes(replaced) && !isUtf8(new Uint8Array(yield* Effect.orDie(request.arrayBuffer))))
    return yield* respond(notUtf8)
  if (shapeOf(text).depth > deepest) return yield* respond(tooDeep)
  return yield* Effect.catchIf(
    httpEffect,
    (error) => HttpApiSchemaError.is(error),
    (error) => refusal(error, endpoint, text),
  )
})

export const layer = Layer.succeed(RequestValidation, (httpEffect, { endpoint }) => {
  const limit = Context.getOrUndefined(endpoint.annotations, BodyLimit)
  const served = validated(httpEffect, endpoint)
  return limit === undefined ? served : limited(served, limit)
})
