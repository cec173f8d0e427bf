/** The time for which the faults of direct mode keep turns on a runtime that fails. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { a, admit, allowed, b, record, status, times } from "./monitorTurns.ts"
import { org, settings, start } from "./schedules.ts"

const directFails = (number: number) =>
  Effect.flatMap(Monitor, (monitor) =>
    monitor.record({ orgId: org(number), mode: "direct_llm", outcome: "error", latencyMs: 1 }),
  )

/** Both modes fail. Synthetic probes only, so that no turn is a probe. */
const bothFail = Effect.gen(function* () {
  const { ticket } = yield* admit(a)
  yield* times(10, record(a, "error", ticket))
  assert.strictEqual(yield* allowed(b), "no")
  for (let n = 0; n < 12; n++) yield* directFails(n % 4)
})

describe("faults of direct mode", () => {
  it.effect("keep turns on the runtime for 60 s after the newest of them", () => {
    const body = Effect.gen(function* () {
      yield* bothFail
      assert.strictEqual(yield* allowed(b), "yes")
      yield* TestClock.adjust(60_000)
      assert.strictEqual(yield* allowed(b), "yes")
      assert.isTrue((yield* status).directFailing)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* allowed(b), "no")
      assert.isFalse((yield* status).directFailing)
    })
    const monitor = Monitor.layer({ ...settings, probes: true })
    return Effect.andThen(TestClock.setTime(start), Effect.provide(body, monitor))
  })
})
