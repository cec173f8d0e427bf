import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import type { Attempt } from "../../src/domain/Run.ts"
import { Shadow } from "../../src/execution/Shadow.ts"
import { type Recorded, Recorder } from "../../src/recording/Recorder.ts"
import { finished, orgId, runId, runIdOf, says, text, turn } from "../support/fixtures.ts"
import { type Asked, layerOf, runtime, settle } from "./scripted.ts"

type Kept = Array<readonly [Recorded, Attempt]>

/** Shadows of a runtime that answers after 100 ms. */
const shadows = (asked: Array<Asked>, kept: Kept) =>
  Shadow.layer.pipe(
    Layer.provide(layerOf([runtime(asked, [100, says(text("a")), finished])])),
    Layer.provide(
      Layer.mock(Recorder, { attempt: (run, attempt) => Effect.sync(() => void kept.push([run, attempt])) }),
    ),
  )

describe("Shadow", () => {
  it.effect(
    "fault 13: runs the turn detached, and keeps its attempt without a ticket: the Monitor must not count it",
    () => {
      const asked: Array<Asked> = []
      const kept: Kept = []
      return Effect.gen(function* () {
        const shadow = yield* Shadow
        yield* shadow.run(turn(), "runtime_orchestrator")
        assert.isEmpty(kept)
        yield* settle
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(
          asked.map(({ turn }) => turn.shadow),
          [true],
        )
        assert.deepStrictEqual(
          kept.map(([run]) => run),
          [{ id: runId, orgId, ticket: undefined, missing: [] }],
        )
        assert.deepInclude(kept[0]?.[1], { shadow: true, outcome: "success", target: "runtime" })
      }).pipe(Effect.provide(shadows(asked, kept)))
    },
  )

  it.effect(
    "leaves out what would be one too many, rather than queue it, and takes more once there is room",
    () => {
      const asked: Array<Asked> = []
      const kept: Kept = []
      return Effect.gen(function* () {
        const shadow = yield* Shadow
        const run = (n: number) => shadow.run(turn({ runId: runIdOf(n) }), "runtime_orchestrator")
        for (let n = 0; n < 25; n++) yield* run(n)
        yield* settle
        assert.lengthOf(asked, 10)
        yield* TestClock.adjust(100)
        assert.lengthOf(kept, 10)
        yield* run(30)
        yield* settle
        assert.lengthOf(asked, 11)
      }).pipe(Effect.provide(shadows(asked, kept)))
    },
  )
})
