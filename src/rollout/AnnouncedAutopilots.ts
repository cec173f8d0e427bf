/**
 * The stored guarded rollout, which announces its changes: the replica whose write succeeds announces, and the others
 * show the change when they next read it. A decision is announced when it is stored, so a restart announces nothing
 * again.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Notifications } from "../notify/Notifications.ts"
import { Autopilots, type StoredAutopilot } from "../store/Autopilots.ts"
import * as AutopilotNews from "./AutopilotNews.ts"

const isNewer = (known: StoredAutopilot, read: StoredAutopilot): boolean =>
  read.id === known.id ? read.version > known.version : read.state.startedAt > known.state.startedAt

export const layer: Layer.Layer<Autopilots, never, Autopilots | Notifications> = Layer.effect(
  Autopilots,
  Effect.gen(function* () {
    const autopilots = yield* Autopilots
    const notifications = yield* Notifications
    let known: { readonly stored: StoredAutopilot | undefined } | undefined
    /** Writes of this process that run now: their changes are not those of another replica. */
    let writes = 0

    const writing = <A, E>(write: Effect.Effect<A, E>) =>
      Effect.acquireUseRelease(
        Effect.sync(() => (writes += 1)),
        () => write,
        () => Effect.sync(() => (writes -= 1)),
      )

    const announce = (
      before: StoredAutopilot | undefined,
      stored: StoredAutopilot,
      command?: AutopilotNews.Command,
    ) => {
      known = { stored }
      const news = AutopilotNews.between(before?.state, stored.state, command)
      return Effect.forEach(news, notifications.announce, { discard: true })
    }

    /** The first read of a process shows nothing: those changes are older. */
    const notice = (read: StoredAutopilot | undefined) =>
      Effect.gen(function* () {
        const before = known
        if (writes > 0) return
        if (before?.stored !== undefined && (read === undefined || !isNewer(before.stored, read))) return
        known = { stored: read }
        if (before === undefined || read === undefined) return
        const now = yield* Clock.currentTimeMillis
        for (const news of AutopilotNews.between(before.stored?.state, read.state))
          yield* notifications.observe(news, now)
      })

    return Autopilots.of({
      latest: Effect.tap(autopilots.latest, notice),
      begin: (autopilot, change) =>
        writing(
          Effect.tap(autopilots.begin(autopilot, change), (stored) => announce(undefined, stored, change)),
        ),
      save: (base, autopilot, change) =>
        writing(
          Effect.tap(autopilots.save(base, autopilot, change), (stored) =>
            stored === undefined ? Effect.void : announce(base, stored, change),
          ),
        ),
    })
  }),
)
