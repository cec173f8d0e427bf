/**
 * Counts the bytes of an answer from when it is made until it is written, or until its connection is gone. An answer to a GET
 * for which there is no room is replaced by a 503. Other methods have done their work, so their answers are given in any case.
 */
import { toServerResponse } from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import { answerSeconds, ReadRejected, type Reads } from "../admission/Reads.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { respond, toPublic } from "./ErrorMapping.ts"
import { path as metricsPath } from "./MetricsRoute.ts"

/** Smaller answers cost no more than their connections, which have bounds of their own. */
const smallestCounted = 16 * 1024

const refused = respond(toPublic(new ReadRejected({ reason: "answers", retryAfter: answerSeconds })))

export const held = (
  reads: Reads["Service"],
  request: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse,
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.suspend(() => {
    const { body } = response
    const bytes = body._tag === "Uint8Array" ? body.contentLength : 0
    if (bytes < smallestCounted) return Effect.succeed(response)
    // A scrape tells why others are refused.
    const isRefusable = request.method === "GET" && request.url !== metricsPath
    if (!isRefusable) reads.holdAnyway(bytes)
    else if (!reads.hold(bytes))
      return Effect.as(catalogue.readsRefused.record({ reason: "answers" }, 1), refused)
    const answer = toServerResponse(request)
    if (answer.closed) reads.release(bytes)
    else answer.once("close", () => reads.release(bytes))
    return Effect.succeed(response)
  })
