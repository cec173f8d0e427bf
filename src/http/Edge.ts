/**
 * The outermost layer of each request: its id, and error envelopes for requests without a handler (unknown routes,
 * wrong methods, bodies that are too large or of another type) and for bugs. A bug is logged with its cause; the
 * caller gets a general sentence, the request id and the trace id.
 */
import { toIncomingMessage } from "@effect/platform-node/NodeHttpServerRequest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { CurrentLogAnnotations } from "effect/References"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { IncomingMessage } from "node:http"
import { Reads } from "../admission/Reads.ts"
import { Api } from "../api/Api.ts"
import type { PublicError } from "../protocol/PublicError.ts"
import { isServed, pageOf, type Places } from "../domain/WebPage.ts"
import * as Spans from "../telemetry/Spans.ts"
import { isPreflight } from "./Cors.ts"
import { nothingHere, respond } from "./ErrorMapping.ts"
import { held } from "./HeldAnswers.ts"
import { isOperators } from "./NodeServer.ts"
import { hasOneSpelling, pathOf } from "./RequestPath.ts"
import { isTooLarge } from "./BodySize.ts"
import { Arrived, isSane } from "./RequestId.ts"

/** The methods of each path in the contract, for 405 and its `Allow`. */
const routes = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).map(({ method, path }) => ({
    method,
    path: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`),
  })),
)

const noRoute = (request: HttpServerRequest.HttpServerRequest, places: Places) => {
  const path = pathOf(request.url)
  const page = pageOf(path)
  const isPage = page !== undefined && isServed(places[page], isOperators(toIncomingMessage(request)))
  const allowed = routes.filter((route) => route.path.test(path)).map((route) => route.method)
  if (isPage) allowed.push("GET", "HEAD")
  // The router accepts no path that does not decode to UTF-8, for any method.
  if (allowed.length === 0 || allowed.some((method) => method === request.method)) return nothingHere
  const allow = [...new Set(allowed)].join(", ")
  return Effect.map(
    respond({ code: "METHOD_NOT_ALLOWED", message: `Allowed here: ${allow}.` }),
    HttpServerResponse.setHeader("allow", allow),
  )
}

const internal: PublicError = { code: "INTERNAL_ERROR", message: "Something went wrong on our side." }
const tooLarge: PublicError = { code: "PAYLOAD_TOO_LARGE", message: "The body is larger than 1 MiB." }
const unsupported: PublicError = {
  code: "UNSUPPORTED_MEDIA_TYPE",
  message: "Send JSON: `Content-Type: application/json`.",
}
const unreadable: PublicError = { code: "VALIDATION_FAILED", message: "The body could not be read." }

const oneHost: PublicError = { code: "VALIDATION_FAILED", message: "Send one Host header." }

/** RFC 9112 section 3.2: with more or fewer than one, a proxy may see another host than the service does. */
const hasOneHost = ({
  httpVersion,
  rawHeaders,
}: Pick<IncomingMessage, "httpVersion" | "rawHeaders">): boolean => {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length
  return hosts === 1 || (hosts === 0 && httpVersion === "1.0")
}

const serverErrorOf = (cause: Cause.Cause<unknown>): string | undefined => {
  const error = Cause.squash(cause)
  return HttpServerError.isHttpServerError(error) ? error.reason._tag : undefined
}

/** The ids with which a caller reports an error. */
interface Report {
  readonly requestId: string
  readonly traceId?: string
}

const answer = (
  request: HttpServerRequest.HttpServerRequest,
  places: Places,
  cause: Cause.Cause<unknown>,
  report: Report,
) => {
  switch (serverErrorOf(cause)) {
    case "RouteNotFound":
      return noRoute(request, places)
    case "RequestParseError":
      return respond(isTooLarge(cause) ? tooLarge : unreadable)
    default:
      return Effect.andThen(Effect.logError("a request died", cause), respond({ ...internal, ...report }))
  }
}

type Ids = SecureRandom.SecureRandom["Service"]

// One generator function for all requests (decision 28).
const edged = Effect.fnUntraced(function* <E, R>(
  ids: Ids,
  places: Places,
  reads: Reads["Service"],
  httpEffect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
) {
  const clock = yield* Clock.Clock
  const at = clock.currentTimeNanosUnsafe()
  const monotonicAt = clock.monotonicTimeNanosUnsafe()
  const request = yield* HttpServerRequest.HttpServerRequest
  const given = request.headers["x-request-id"]
  const id = given !== undefined && isSane(given) ? given : yield* ids.uuidV7()
  const parent = yield* Spans.fromHeaders(request.headers)
  // For any path: `NodeServer` has already set the headers with the allowed methods.
  if (isPreflight(request)) return HttpServerResponse.empty({ status: 204, headers: { "x-request-id": id } })
  const served: Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    E,
    R | HttpServerRequest.HttpServerRequest
  > = !hasOneHost(toIncomingMessage(request))
    ? respond(oneHost)
    : hasOneSpelling(pathOf(request.url))
      ? httpEffect
      : nothingHere
  const response = yield* served.pipe(
    Effect.updateContext((context: Context.Context<R | HttpServerRequest.HttpServerRequest>) =>
      context.pipe(
        Context.add(Arrived, { requestId: id, at, monotonicAt, parent }),
        Context.add(CurrentLogAnnotations, { requestId: id, ...Spans.logged(parent) }),
      ),
    ),
    // A client that has disconnected needs no response.
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) =>
        answer(request, places, cause, {
          requestId: id,
          ...(parent === undefined ? {} : { traceId: parent.span.traceId }),
        }),
    ),
  )
  const shaped = response.status === 415 ? yield* respond(unsupported) : response
  const answered = yield* held(reads, request, shaped, undefined)
  return HttpServerResponse.setHeader(answered, "x-request-id", id)
})

export const layer = (
  places: Places,
): Layer.Layer<never, never, HttpRouter.HttpRouter | Reads | SecureRandom.SecureRandom> =>
  HttpRouter.middleware(
    Effect.map(
      Effect.all([SecureRandom.SecureRandom, Reads]),
      ([ids, reads]) =>
        (httpEffect) =>
          edged(ids, places, reads, httpEffect),
    ),
    { global: true },
  )
