/**
 * Counts the bytes of an answer from when it is made until it is written, or until its connection is gone. An answer to a GET
 * for which there is no room is replaced by a 503. Other methods have done their work, so their answers are given in any case.
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

/** Smaller answers cost no more than their connections, which have bounds of their own. */
const smallestCounted = 16 * 1024

const refused = respond(toPublic(new ReadRejected({ reason: "answers", retryAfter: answerSeconds })))

/** Answers that are counted already: the edge sees them after their endpoint. */
const counted = new WeakSet<object>()

/** `owner`: undefined where it is not known. */
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
    // A scrape tells why others are refused.
    const isRefusable = request.method === "GET" && request.url !== pathOf.metrics
    const release = isRefusable ? reads.hold(bytes, owner) : reads.holdAnyway(bytes, owner)
    if (release === undefined)
      return Effect.andThen(catalogue.readsRefused.record({ reason: "answers" }, 1), refused)
    counted.add(answer)
    if (answer.closed) release()
    else answer.once("close", release)
    return Effect.succeed(response)
  })
