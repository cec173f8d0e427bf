/**
 * One try of one delivery: a POST to a webhook, through the proxy if one is configured. Redirects are not followed.
 * The address is a secret, so a failure has the system's code or the status, and never a message.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Notification } from "../domain/Notification.ts"
import type { Webhook } from "../domain/Webhook.ts"
import * as DeliveryRules from "./DeliveryRules.ts"
import * as Signature from "./Signature.ts"
import { slackMessage } from "./SlackForm.ts"
import { teamsMessage } from "./TeamsForm.ts"

const patience = "10 seconds"
/** The text adds a word of Slack, or contradicts the status. */
const patienceForText = "1 second"
const mostTextBytes = 4096

const bodyOf = ({ form }: Webhook, notification: Notification): string => {
  switch (form) {
    case "json":
      return JSON.stringify(notification)
    case "slack":
      return JSON.stringify(slackMessage(notification))
    case "teams":
      return JSON.stringify(teamsMessage(notification))
  }
}

/** Node's code of a failed connection, such as ECONNREFUSED. A message may contain the address. */
const codeOf = (error: unknown): string => {
  let cause = error
  while (cause instanceof Error) {
    if ("code" in cause && typeof cause.code === "string") return `no connection (${cause.code})`
    cause = cause.cause
  }
  return "no connection"
}

const textOf = ({ stream }: HttpClientResponse.HttpClientResponse) =>
  Stream.runFoldEffect(
    stream,
    () => Buffer.alloc(0),
    (text, chunk) =>
      text.length + chunk.length > mostTextBytes
        ? Effect.fail("too long" as const)
        : Effect.succeed(Buffer.concat([text, chunk])),
  ).pipe(
    Effect.timeout(patienceForText),
    Effect.match({ onFailure: () => "", onSuccess: (text) => text.toString("utf8") }),
  )

const requestOf = (webhook: Webhook, notification: Notification, now: number) => {
  const body = bodyOf(webhook, notification)
  const { secret } = webhook
  return HttpClientRequest.post(Redacted.value(webhook.url), {
    body: HttpBody.text(body, "application/json"),
    headers: {
      "user-agent": "crossfade",
      "accept-encoding": "identity",
      ...(secret === undefined
        ? {}
        : Signature.headersOf(notification.id, now, body, Redacted.value(secret))),
    },
  })
}

export const post = Effect.fnUntraced(
  function* (webhook: Webhook, notification: Notification) {
    const client = yield* HttpClient.HttpClient
    const now = yield* Clock.currentTimeMillis
    const response = yield* client.execute(requestOf(webhook, notification, now))
    const text = yield* textOf(response)
    const retryAfter = response.headers["retry-after"]
    return DeliveryRules.verdictOf({ form: webhook.form, status: response.status, retryAfter, text }, now)
  },
  Effect.timeoutOrElse({
    duration: patience,
    orElse: () => Effect.succeed(DeliveryRules.unanswered(`no answer in ${patience}`)),
  }),
  Effect.catch(({ reason }) => Effect.succeed(DeliveryRules.unanswered(codeOf(reason.cause)))),
  // A span would carry the address to the collector.
  Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
)
