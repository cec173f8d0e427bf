/**
 * Announces the events that the people on call must know. Each is one log line, one count, a row in the live view and a
 * message to each webhook.
 *
 * In a fleet the replica that made a change announces it. The others only show it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { News, Notification } from "../domain/Notification.ts"
import { Replica } from "../platform/Replica.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { type Tried, Webhooks } from "./Webhooks.ts"

export class Notifications extends Context.Service<
  Notifications,
  {
    /** An event of this replica. Never fails, and waits for no delivery. */
    readonly announce: (news: News) => Effect.Effect<void>
    /** An event that another replica announces. `at`: when it happened, in epoch milliseconds. */
    readonly observe: (news: News, at: number) => Effect.Effect<void>
    /** The last 20, newest first. */
    readonly recent: Effect.Effect<ReadonlyArray<Notification>>
    /** Sends a test to each webhook, and waits for the results. */
    readonly test: (by: string) => Effect.Effect<ReadonlyArray<Tried>>
  }
>()("crossfade/notify/Notifications") {
  static readonly layer: Layer.Layer<Notifications, never, Replica | SecureRandom.SecureRandom> =
    Layer.effect(
      Notifications,
      Effect.suspend(() => make),
    )
}

const most = 20

const logged = ({ by, data, id, kind, orgId, reason, severity, text }: Notification) =>
  (severity === "info" ? Effect.logInfo(text) : Effect.logWarning(text)).pipe(
    Effect.annotateLogs({ event: kind, org: orgId, by, reason, severity, notificationId: id, data }),
  )

const make = Effect.gen(function* () {
  const ids = yield* SecureRandom.SecureRandom
  const { id: replica } = yield* Replica
  const webhooks = yield* Webhooks
  const recent = yield* Ref.make<ReadonlyArray<Notification>>([])

  const notificationOf = Effect.fnUntraced(function* (news: Omit<News, "kind"> & Pick<Notification, "kind">) {
    const notification: Notification = {
      id: yield* ids.uuidV7(),
      at: yield* Clock.currentTimeMillis,
      replica,
      ...news,
    }
    return notification
  })

  const show = (notification: Notification) =>
    Ref.update(recent, (shown) => [notification, ...shown].toSorted((a, b) => b.at - a.at).slice(0, most))

  const announce = Effect.fnUntraced(function* (news: News) {
    const notification = yield* notificationOf(news)
    yield* show(notification)
    yield* logged(notification)
    yield* catalogue.notifications.record({ kind: news.kind }, 1)
    yield* webhooks.offer(notification)
  })

  return Notifications.of({
    announce,
    observe: Effect.fnUntraced(function* (news, at) {
      yield* show({ ...(yield* notificationOf(news)), at: Math.round(at) })
      yield* Effect.logDebug(`announced by another replica: ${news.text}`)
    }),
    recent: Ref.get(recent),
    test: (by) =>
      Effect.flatMap(
        notificationOf({
          kind: "test",
          severity: "info",
          orgId: null,
          by,
          reason: null,
          text: `This is a test by ${by}. No action is needed.`,
          data: {},
        }),
        webhooks.tryEach,
      ),
  })
})
