/**
 * The live views of a service, over its SSE: a lost connection is made again, and the last view is marked as old. It
 * ends only for a reason that waiting cannot fix.
 */
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { LiveView } from "../api/LiveView.ts"
import { reasonOf } from "../domain/Reason.ts"
import { ServiceUnreachable } from "./ServiceClient.ts"

/** The service answers the same on every retry. */
export class WatchRefused extends Schema.TaggedError<WatchRefused>()("WatchRefused", {
  url: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}

/** A retry may succeed. */
export class Lost extends Schema.TaggedError<Lost>()("Lost", { reason: Schema.String }) {}

/** The system's message, without the address, which is on the screen already. */
const lost = (error: HttpClientError.HttpClientError): Lost => {
  const { cause } = error.reason
  return new Lost({ reason: reasonOf(cause instanceof Error ? cause : error) })
}

/** A view arrives each second; a longer silence means that the connection is lost. */
const silence = "5 seconds"
const retryAfter = "1 second"

const refusals: Readonly<Record<number, string>> = {
  401: "the token is not accepted (401): make one with `crossfade token --permissions operator:read`",
  403: "the token lacks operator:read (403): make one with `crossfade token --permissions operator:read`",
  404: "there is no live view at this address (404): give the address of the service with --url",
}

const checked = (
  url: string,
  response: HttpClientResponse.HttpClientResponse,
): Effect.Effect<HttpClientResponse.HttpClientResponse, Lost | WatchRefused> => {
  const { status } = response
  if (status === 200) return Effect.succeed(response)
  const reason = refusals[status]
  return reason === undefined ? new Lost({ reason: `answered ${status}` }) : new WatchRefused({ url, reason })
}

const decodeView = Schema.decodeEffect(Schema.fromJsonString(LiveView))

const connection = (url: string, token: Redacted.Redacted<string>) =>
  Stream.unwrap(
    HttpClientRequest.get(`${url}/api/v1/runtime/live`).pipe(
      HttpClientRequest.bearerToken(Redacted.value(token)),
      HttpClientRequest.accept("text/event-stream"),
      HttpClient.execute,
      Effect.mapError(lost),
      Effect.flatMap((response) => checked(url, response)),
      Effect.map(({ stream }) => Stream.mapError(stream, lost)),
    ),
  ).pipe(
    Stream.decodeText,
    Stream.pipeThroughChannel(Sse.decode()),
    Stream.mapError((error) =>
      error._tag === "Lost" || error._tag === "WatchRefused"
        ? error
        : new Lost({ reason: "not an event stream" }),
    ),
    Stream.filter(({ event }) => event === "snapshot"),
    Stream.mapEffect(({ data }) =>
      Effect.mapError(
        decodeView(data),
        () => new WatchRefused({ url, reason: "the service has another version" }),
      ),
    ),
    Stream.concat(Stream.fail(new Lost({ reason: "the service ended the connection" }))),
    Stream.timeoutOrElse({
      duration: silence,
      orElse: () => Stream.fail(new Lost({ reason: `no data for ${silence}` })),
    }),
  )

/** Views, and in between the reasons why there are none. */
export const feed = (
  url: string,
  token: Redacted.Redacted<string>,
): Stream.Stream<LiveView | Lost, WatchRefused, HttpClient.HttpClient> =>
  connection(url, token).pipe(
    Stream.catchTag("Lost", (lost) => Stream.make(lost)),
    Stream.repeat(Schedule.spaced(retryAfter)),
  )

/** The first view, or the reason why there is none. */
export const first = (url: string, token: Redacted.Redacted<string>) =>
  Stream.runHead(connection(url, token)).pipe(
    Effect.catchTag("Lost", ({ reason }) => new ServiceUnreachable({ url, reason })),
  )
