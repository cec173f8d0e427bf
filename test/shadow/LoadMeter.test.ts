import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { performance } from "node:perf_hooks"
import { LoadMeter } from "../../src/shadow/LoadMeter.ts"
import { isBusy } from "../../src/shadow/ShadowLoad.ts"

const spin = Effect.sync(() => {
  const until = performance.now() + 50
  while (performance.now() < until);
})

describe("the load of the process", () => {
  it.live("is low while the event loop is idle, and high while it is busy", () =>
    Effect.gen(function* () {
      const { utilization } = yield* LoadMeter
      yield* utilization
      yield* Effect.sleep(200)
      assert.isFalse(isBusy(yield* utilization))
      yield* spin
      assert.isTrue(isBusy(yield* utilization))
    }).pipe(Effect.provide(LoadMeter.layer)),
  )
})
