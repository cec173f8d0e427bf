/**
 * Counts the bytes of a response from its creation until it is written or its connection is gone. A response to a GET
 * that does not fit is replaced by a 503. Other methods have done their work, so their responses are always sent.
 */
import { toServerResponse } from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import { answerSeconds, ReadRejected, type Reads } from "../admission/Reads.ts"
import type { Owner } from "../admission/OpenStreams.ts"
import { pathOf } from "../domain/WebPage.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { respond, toPublic } from "./ErrorMapping.ts"

/** Smaller responses cost no more than their connections, which have their own limits. */
const smallestCounted = 16 * 1024

const refused = respond(toPublic(new ReadRejected({ reason: "answers", retryAfter: answerSeconds })))

/** Responses that are counted already, because the edge sees them after their endpoint. */
const counted = new WeakSet<object>()

/** `owner`: undefined if unknown. */
export const held = (
  reads: Reads["Service"],
  request: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse,
  owner: Owner | undefined,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.suspend(() => {
    const { body } = response
    const bytes = body._tag === "Uint8Array" ? body.contentLength : 0
    if (bytes < smallestCounted) return Effect.succeed(response)
    const answer = toServerResponse(request)
    if (counted.has(answer)) return Effect.succeed(response)
    // Metrics must stay readable, because they explain the rejections.
    const isRefusable = request.method === "GET" && request.url !== pathOf.metrics
    const release = isRefusable ? reads.hold(bytes, owner) : reads.holdAnyway(bytes, owner)
    if (release === undefined)
      return Effect.andThen(catalogue.readsRefused.record({ reason: "answers" }, 1), refused)
    counted.add(answer)
    if (answer.closed) release()
    else answer.once("close", release)
    return Effect.succeed(response)
  })
