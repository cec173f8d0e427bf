/**
 * The deliveries of one webhook, in order: each is tried until it arrives, is refused for good, or is too old. The
 * queue is bounded: when it is full, the oldest notification is dropped, because the newest describe the present.
 *
 * At a stop the queue gets a short time to empty itself. A log line names each failure state once.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import type { Notification } from "../domain/Notification.ts"
import type { Delivered, Webhook } from "../domain/Webhook.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as Delivery from "./Delivery.ts"
import * as DeliveryRules from "./DeliveryRules.ts"

export const mostWaiting = 100
/** A stop waits no longer for all deliveries together. */
const longestStop = "3 seconds"

const results = ["delivered", "retried", "failed", "dropped"] as const

/** Counts each result, and logs when deliveries begin to fail and when they work again. */
const makeLedger = Effect.fnUntraced(function* ({ name: target }: Webhook) {
  const count = (result: (typeof results)[number], by = 1) =>
    catalogue.notificationDeliveries.record({ target, result }, by)
  // The series exist before the first failure, so that a rate includes it.
  yield* Effect.forEach(results, (result) => count(result, 0), { discard: true })
  let lost = 0
  const missed = (result: "failed" | "dropped", reason: string, by = 1) =>
    Effect.suspend(() => {
      lost += by
      const line = Effect.logWarning("a notification was not delivered").pipe(
        Effect.annotateLogs({ target, result, reason }),
      )
      return Effect.andThen(count(result, by), lost > by ? Effect.void : line)
    })
  const leftBehind = (left: number) =>
    Effect.andThen(
      count("dropped", left),
      Effect.logWarning(`the stop dropped ${left} notifications`).pipe(Effect.annotateLogs({ target })),
    )
  const arrived = Effect.suspend(() => {
    const before = lost
    lost = 0
    const line =
      before === 0
        ? Effect.void
        : Effect.logInfo("notifications are delivered again").pipe(
            Effect.annotateLogs({ target, notDelivered: before }),
          )
    return Effect.andThen(count("delivered"), line)
  })
  return { arrived, leftBehind, missed, retried: count("retried") }
})

export const make = Effect.fnUntraced(function* (webhook: Webhook) {
  const queue = yield* Queue.unbounded<Notification, Cause.Done>()
  const ledger = yield* makeLedger(webhook)
  /** Accepted and not settled yet, the one under delivery included. */
  let open = 0

  const settled = (result: Delivered) => {
    open -= 1
    return result._tag === "delivered" ? ledger.arrived : ledger.missed("failed", result.reason)
  }

  const untilSettled = Effect.fnUntraced(function* (notification: Notification) {
    const startedAt = yield* Clock.currentTimeMillis
    for (let tries = 1; ; tries++) {
      const result = yield* Delivery.post(webhook, notification)
      if (result._tag === "delivered") return yield* settled(result)
      const elapsed = (yield* Clock.currentTimeMillis) - startedAt
      const wait = DeliveryRules.waitMs(result.retryAfterMs, tries, elapsed, yield* Random.next)
      if (wait === undefined) return yield* settled(result)
      yield* ledger.retried
      yield* Effect.sleep(wait)
    }
  })

  /** A bug in one delivery must not end the worker. */
  const deliver = (notification: Notification) =>
    Effect.catchDefect(untilSettled(notification), (defect) =>
      Effect.andThen(
        Effect.logError("a bug in a delivery", defect),
        settled(DeliveryRules.unanswered("an internal error")),
      ),
    )

  const offer = (notification: Notification): Effect.Effect<void> =>
    Effect.suspend(() => {
      const isFull = Queue.sizeUnsafe(queue) >= mostWaiting
      if (isFull) Queue.takeUnsafe(queue)
      const isTaken = Queue.offerUnsafe(queue, notification)
      open += (isTaken ? 1 : 0) - (isFull ? 1 : 0)
      const dropped = (isTaken ? 0 : 1) + (isFull ? 1 : 0)
      return dropped === 0
        ? Effect.void
        : ledger.missed("dropped", isFull ? "the queue is full" : "the service stops", dropped)
    })

  const worker = yield* Effect.forkScoped(
    Queue.take(queue).pipe(Effect.flatMap(deliver), Effect.forever, Effect.exit),
  )
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      yield* Queue.end(queue)
      yield* Effect.timeoutOption(Fiber.await(worker), longestStop)
      if (open > 0) yield* ledger.leftBehind(open)
    }).pipe(Effect.interruptible),
  )
  return { offer }
})
