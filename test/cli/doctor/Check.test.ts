import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { runAll } from "../../../src/cli/doctor/Check.ts"
import { ok } from "../../../src/cli/doctor/Finding.ts"

describe("the checks", () => {
  it.effect("run side by side, in their order, and a hanging or broken one ends none of the others", () =>
    Effect.gen(function* () {
      const after = (name: string, ms: number) => ({
        name,
        run: Effect.as(Effect.sleep(ms), [ok(name, "fine")]),
      })
      const hanging = { name: "hanging", run: Effect.uninterruptible(Effect.never) }
      const broken = { name: "broken", run: Effect.die(new Error("a bug")) }
      const fiber = yield* Effect.forkChild(runAll([after("slow", 9000), hanging, broken, after("fast", 10)]))
      yield* TestClock.adjust(10_000)
      const found = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        found.map(({ finding: { check, seen, status } }) => [check, status, seen]),
        [
          ["slow", "ok", "fine"],
          ["hanging", "failed", "no result in 10 seconds"],
          ["broken", "failed", "the check itself failed: a bug"],
          ["fast", "ok", "fine"],
        ],
      )
      assert.deepStrictEqual(
        found.map(({ ms }) => ms),
        [9000, 10_000, 0, 10],
      )
    }),
  )
})
