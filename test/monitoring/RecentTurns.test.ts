import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RunId } from "../../src/domain/Ids.ts"
import { RecentTurns } from "../../src/monitoring/RecentTurns.ts"
import { org } from "./schedules.ts"

const runId = RunId.make("01890000-0000-7000-8000-000000000001")

const decide = (count: number) =>
  Effect.gen(function* () {
    const recent = yield* RecentTurns
    for (let at = 1; at <= count; at++) {
      yield* recent.addDecision({ at, runId, orgId: org(1), mode: "direct_llm", reason: "drill" })
    }
    return (yield* recent.lists).decisions.map(({ at }) => at)
  }).pipe(Effect.provide(Layer.fresh(RecentTurns.layer)))

describe("RecentTurns", () => {
  it.effect("lists the last 20 decisions, newest first", () =>
    Effect.map(decide(25), (times) =>
      assert.deepStrictEqual(
        times,
        Array.from({ length: 20 }, (_, index) => 25 - index),
      ),
    ),
  )

  it.effect("two gateways in one process have lists of their own", () =>
    Effect.map(Effect.all([decide(1), decide(2)]), (lists) => assert.deepStrictEqual(lists, [[1], [2, 1]])),
  )
})
