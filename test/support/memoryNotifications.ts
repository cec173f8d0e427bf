/** Notifications in memory, for parts that announce. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { News } from "../../src/domain/Notification.ts"
import { Notifications } from "../../src/notify/Notifications.ts"

export interface MemoryNotifications {
  readonly announced: Array<News>
  readonly observed: Array<News & { readonly at: number }>
}

export const newNotifications = (): MemoryNotifications => ({ announced: [], observed: [] })

export const memoryNotifications = ({ announced, observed } = newNotifications()) =>
  Layer.succeed(
    Notifications,
    Notifications.of({
      announce: (news) => Effect.sync(() => void announced.push(news)),
      observe: (news, at) => Effect.sync(() => void observed.push({ ...news, at })),
      recent: Effect.succeed([]),
      test: () => Effect.succeed([]),
    }),
  )
