import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Rollout } from "../../src/decision/Rollout.ts"
import type { News } from "../../src/domain/Notification.ts"
import { GuardedRollout } from "../../src/rollout/GuardedRollout.ts"
import { failingFrom, olga, pass, service, start, until, world } from "./guarding.ts"

const kinds = (news: ReadonlyArray<News>) => news.map(({ kind }) => kind)

describe("the news of the autopilot", () => {
  it.effect("are one of each step, from the start to the promotion, with the operator and the reason", () => {
    const kept = world()
    return Effect.gen(function* () {
      const guarded = yield* GuardedRollout
      yield* start()
      yield* until("awaiting_approval")
      yield* guarded.promote(olga, "looks good")
      yield* pass(1)
      const { announced, observed } = kept.notifications
      assert.deepStrictEqual(
        announced.map(({ by, kind, severity, text }) => [kind, severity, by, text]),
        [
          [
            "autopilot.started",
            "info",
            "olga of acme",
            "olga of acme started the autopilot at 5 % (steps: 5, 20, 100 %): let us see.",
          ],
          [
            "autopilot.step",
            "info",
            null,
            "The autopilot raises the rollout from 5 % to 20 %: as good at 5 %.",
          ],
          [
            "autopilot.awaiting_approval",
            "action",
            null,
            "The autopilot waits for an operator at 20 %: as good at 20 %: 100 % needs a person's approval.",
          ],
          [
            "autopilot.promoted",
            "info",
            "olga of acme",
            "olga of acme promoted the rollout from 20 % to 100 %: looks good.",
          ],
          ["autopilot.completed", "info", "olga of acme", "The autopilot has completed its plan at 100 %."],
        ],
      )
      assert.isEmpty(observed)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("say that it steps back, and then to 0, with the verdict", () => {
    const kept = world(failingFrom(12))
    return Effect.gen(function* () {
      yield* start()
      yield* until("rolled_back")
      const { announced } = kept.notifications
      assert.deepStrictEqual(kinds(announced), [
        "autopilot.started",
        "autopilot.step",
        "autopilot.rolled_back",
        "autopilot.rolled_back",
      ])
      assert.match(
        announced[2]?.text ?? "",
        /^The autopilot lowers the rollout from 20 % to 5 %: worse: success .* It tries again after the cool-down\.$/,
      )
      assert.match(
        announced[3]?.text ?? "",
        /from 5 % to 0 %: .* The autopilot has ended: repair the runtime/,
      )
      assert.deepStrictEqual(new Set(announced.slice(2).map(({ severity }) => severity)), new Set(["action"]))
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("distinguish a pause by an operator from one by the autopilot, and name resume and abort", () => {
    const kept = world()
    return Effect.gen(function* () {
      const guarded = yield* GuardedRollout
      yield* start()
      yield* guarded.pause(olga, "lunch")
      yield* guarded.resume(olga, undefined)
      yield* Rollout.use(({ change }) => change(olga, { percentage: 7 }))
      yield* pass(1)
      yield* guarded.abort(olga, undefined)
      assert.deepStrictEqual(
        kept.notifications.announced.slice(1).map(({ severity, text }) => [severity, text]),
        [
          ["info", "olga of acme paused the autopilot at 5 %: lunch."],
          ["info", "olga of acme resumed the autopilot at 5 %."],
          ["action", "The autopilot paused itself at 5 %: the percentage was set to 7 by another change."],
          ["warning", "olga of acme aborted the autopilot: the rollout goes from 5 % to 0 %."],
        ],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect(
    "ask for an operator again if the breaker interrupts the wait, because a promotion was refused",
    () => {
      const kept = world()
      const waits = () =>
        kinds(kept.notifications.announced).filter((kind) => kind.endsWith("approval")).length
      return Effect.gen(function* () {
        const guarded = yield* GuardedRollout
        yield* start()
        yield* until("awaiting_approval")
        yield* pass(1)
        assert.strictEqual(waits(), 1)
        kept.fallback = true
        yield* until("holding")
        assert.match((yield* Effect.flip(guarded.promote(olga, "go"))).message, /it is holding/)
        yield* pass(1)
        assert.strictEqual(waits(), 1)
        kept.fallback = false
        yield* until("awaiting_approval")
        yield* pass(1)
        assert.strictEqual(waits(), 2)
        yield* guarded.promote(olga, "go")
        assert.include(kinds(kept.notifications.announced), "autopilot.promoted")
      }).pipe(Effect.provide(service(kept)))
    },
  )

  it.effect("are not repeated by a restart, and another replica only shows them", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* Effect.provide(Effect.andThen(start(), pass(1)), service(kept))
      const other = world()
      const second = { ...other, autopilots: kept.autopilots, rollout: kept.rollout }
      yield* Effect.gen(function* () {
        yield* pass(1)
        assert.isEmpty(other.notifications.announced)
        assert.isEmpty(other.notifications.observed)
        const guarded = yield* GuardedRollout
        yield* Effect.provide(
          GuardedRollout.use((first) => first.pause(olga, "drill")),
          Layer.fresh(service(kept)),
        )
        yield* pass(1)
        assert.deepStrictEqual(kinds(other.notifications.observed), ["autopilot.paused"])
        yield* guarded.abort(olga, "over")
        yield* pass(1)
      }).pipe(Effect.provide(service(second)))
      assert.deepStrictEqual(kinds(kept.notifications.announced), ["autopilot.started", "autopilot.paused"])
      assert.deepStrictEqual(kinds(other.notifications.announced), ["autopilot.aborted"])
      assert.lengthOf(other.notifications.observed, 1)
    })
  })
})
