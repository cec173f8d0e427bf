import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { type Recorded, Recorder } from "../../src/recording/Recorder.ts"
import { Runs } from "../../src/store/Runs.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { noon, runIdOf, text } from "../support/fixtures.ts"
import { attempt, newPrincipal } from "../store/Turns.ts"

describe("Recorder", () => {
  const recorded = (): Recorded => ({
    id: runIdOf(1),
    orgId: newPrincipal().orgId,
    ticket: undefined,
    missing: [],
  })
  const layer = (stored: Array<number>) =>
    Recorder.layer.pipe(
      Layer.provide([
        Layer.mock(Runs, { recordAttempt: (_, { number }) => Effect.sync(() => void stored.push(number)) }),
        Layer.mock(Monitor, { record: () => Effect.void }),
      ]),
    )

  it.effect("stores attempts as they end, but the last one with the end of the turn", () => {
    const stored: Array<number> = []
    return Effect.gen(function* () {
      const recorder = yield* Recorder
      const run = recorded()
      const log = new RunLog(run.id)
      const followed = yield* recorder.follow(log)
      const last = { ...attempt(3, false), outcome: "success", code: null } as const
      yield* recorder.attempt(run, attempt(1, false))
      yield* recorder.attempt(run, { ...last, number: 2, shadow: true })
      yield* recorder.attempt(run, last)
      log.message(text("a"), noon)
      assert.deepStrictEqual(stored, [1, 2])
      const { attempts, entries } = yield* recorder.rest(run, followed)
      assert.deepStrictEqual([attempts, entries.map(({ seq }) => seq)], [[last], [1]])
    }).pipe(Effect.provide(layer(stored)))
  })

  it.effect("sends a turn's last events before it writes its end", () => {
    const order: Array<string> = []
    return Effect.gen(function* () {
      const recorder = yield* Recorder
      const run = recorded()
      const followed = yield* recorder.follow(new RunLog(run.id))
      // As a socket does.
      process.nextTick(() => order.push("written"))
      yield* recorder.rest(run, followed)
      order.push("stored")
      assert.deepStrictEqual(order, ["written", "stored"])
    }).pipe(Effect.provide(layer([])))
  })
})
