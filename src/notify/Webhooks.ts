/**
 * The configured webhooks. Each has a queue and one fiber of its own: a slow receiver delays no other, and its messages
 * arrive in order. Nothing that announces an event waits for a delivery.
 *
 * Invariant: each notification is counted once for each webhook, as delivered, failed or dropped.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { Notification } from "../domain/Notification.ts"
import type { Delivered, Webhook } from "../domain/Webhook.ts"
import * as Delivery from "./Delivery.ts"
import * as WebhookQueue from "./WebhookQueue.ts"

export interface Tried extends Pick<Webhook, "name" | "form"> {
  readonly result: Delivered
  readonly ms: number
}

interface Service {
  readonly offer: (notification: Notification) => Effect.Effect<void>
  /** One try at each webhook now, past its queue. Counted nowhere. */
  readonly tryEach: (notification: Notification) => Effect.Effect<ReadonlyArray<Tried>>
}

/** No webhook is configured by default. */
export const Webhooks = Context.Reference<Service>("crossfade/notify/Webhooks", {
  defaultValue: () => ({ offer: () => Effect.void, tryEach: () => Effect.succeed([]) }),
})

export const layer = (webhooks: ReadonlyArray<Webhook>): Layer.Layer<never, never, HttpClient.HttpClient> =>
  Layer.effect(
    Webhooks,
    Effect.suspend(() => make(webhooks)),
  )

const make = Effect.fnUntraced(function* (webhooks: ReadonlyArray<Webhook>) {
  const context = yield* Effect.context<HttpClient.HttpClient>()
  const queues = yield* Effect.forEach(webhooks, WebhookQueue.make)
  const tryOne = (webhook: Webhook, notification: Notification) =>
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis
      const result = yield* Delivery.post(webhook, notification)
      const ms = (yield* Clock.currentTimeMillis) - startedAt
      return { name: webhook.name, form: webhook.form, result, ms }
    })
  const service: Service = {
    offer: (notification) => Effect.forEach(queues, ({ offer }) => offer(notification), { discard: true }),
    tryEach: (notification) =>
      Effect.forEach(webhooks, (webhook) => tryOne(webhook, notification), {
        concurrency: "unbounded",
      }).pipe(Effect.provide(context)),
  }
  return service
})
