/** The age of another replica's events, from which on they no longer open a breaker. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type HealthEvent, withoutTicket } from "../../../src/monitoring/fleet/HealthEvent.ts"
import { Monitor } from "../../../src/monitoring/Monitor.ts"
import { org } from "../schedules.ts"
import { catchUp, exchangeNow, joined, own, peer } from "./oneReplica.ts"

const failed = (number: number, at: number): HealthEvent => ({
  ...{ _tag: "ended", at, attempt: withoutTicket, orgId: org(number) },
  ...{ mode: "runtime_orchestrator", outcome: "error", latencyMs: 1 },
})

describe("the faults that another replica reports", () => {
  for (const [ageMs, expected] of [
    [2000, "open"],
    [2001, "closed"],
  ] as const)
    it.effect(`leave the global breaker ${expected} when they are ${ageMs} ms old`, () =>
      Effect.gen(function* () {
        const exchange = yield* exchangeNow
        const reported = Effect.gen(function* () {
          const monitor = yield* Monitor
          for (let number = 1; number <= 8; number++) {
            const at = (yield* Clock.currentTimeMillis) - ageMs
            const events = [1, 2, 3, 4, 5, 6].map((of) => failed(of, at))
            yield* exchange.of(peer).exchange({ batch: { number, events }, after: "0", states: false })
            yield* catchUp
            yield* TestClock.adjust(1000)
          }
          const { runtime } = yield* monitor.metrics
          assert.strictEqual(runtime.error, 48)
          assert.strictEqual((yield* monitor.status).state, expected)
        })
        yield* joined(exchange.of(own), reported)
      }),
    )
})
