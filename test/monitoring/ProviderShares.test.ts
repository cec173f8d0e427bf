/** The weight of one organisation's faults against a provider, as a caller of the Monitor sees it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import type { Attempt } from "../../src/domain/Run.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { status } from "./monitorTurns.ts"
import { org, settings, start } from "./schedules.ts"

const turn = Effect.fnUntraced(function* (number: number, outcome: Outcome) {
  const monitor = yield* Monitor
  const pass = yield* monitor.admitProvider("first", ["second"])
  const attempt: Attempt = {
    mode: "direct_llm",
    outcome,
    ...{ number: 1, target: "first", shadow: false, code: null },
    ...{ startedAt: start, firstProgressAt: null, firstContentAt: null, endedAt: start },
    ...{ usage: null, model: null, failure: null },
  }
  yield* monitor.targetEnded({ orgId: org(number), agentId: defaultAgentId, attempt, pass })
})

const stateOfFirst = Effect.map(status, ({ providers }) => providers[0]?.state)

describe("a provider that several organisations use", () => {
  for (const [orgs, needed] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [6, 4],
  ] as const)
    it.effect(`opens for the faults of ${needed} of ${orgs} organisations, and of no fewer`, () => {
      const body = Effect.gen(function* () {
        for (let number = 1; number <= orgs; number++) yield* turn(number, "success")
        for (let failing = 1; failing <= needed; failing++) {
          assert.strictEqual(yield* stateOfFirst, "closed")
          for (let fault = 0; fault < 3; fault++) yield* turn(failing, "error")
        }
        assert.strictEqual(yield* stateOfFirst, "open")
      })
      const monitor = Monitor.layer({ ...settings, providers: ["first", "second"] })
      return Effect.andThen(TestClock.setTime(start), Effect.provide(body, monitor))
    })
})
