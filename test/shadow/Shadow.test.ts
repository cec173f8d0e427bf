import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import type { Primary } from "../../src/shadow/Shadow.ts"
import { Shadow } from "../../src/shadow/Shadow.ts"
import { maxEvents } from "../../src/shadow/Trace.ts"
import { type Asked, direct, runtime, type Script, settle } from "../execution/scripted.ts"
import { finished, orgId, runIdOf, says, text, toolCall } from "../support/fixtures.ts"
import { answers, endings, fails, layer, primary, world } from "./shadowing.ts"

const start = (its: Primary, mode: ExecutionMode = "runtime_orchestrator") =>
  Effect.andThen(
    Shadow.use((shadow) => shadow.start(its, mode)),
    settle,
  )

const said = (...words: ReadonlyArray<string>): Script => [
  100,
  ...words.map((word) => says(text(word))),
  finished,
]
const words = "The museum opens at nine and it closes at six."

describe("a shadow run", () => {
  it.effect(
    "fault 13: is detached, marks its turn as a shadow, and is recorded as an attempt without a ticket",
    () => {
      const its = world()
      const asked: Array<Asked> = []
      return Effect.gen(function* () {
        yield* start(primary())
        assert.isEmpty(its.attempts)
        assert.deepStrictEqual(
          asked.map(({ turn }) => turn.shadow),
          [true],
        )
        yield* TestClock.adjust(100)
        const [recorded, attempt] = its.attempts[0]!
        assert.deepStrictEqual(recorded, { id: runIdOf(1), orgId, ticket: undefined, missing: [] })
        assert.deepInclude(attempt, { shadow: true, outcome: "success", target: "runtime", number: 1 })
      }).pipe(Effect.provide(layer(its, [runtime(asked, said("a"))])))
    },
  )

  it.effect("is compared with the user's answer after both have ended, in either order", () => {
    const its = world()
    return Effect.gen(function* () {
      const slower = primary(1)
      const faster = primary(2)
      its.turns = 20
      answers(faster, text(words))
      yield* start(slower)
      yield* start(faster)
      assert.isEmpty(its.pairs)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(
        its.pairs.map(({ runId }) => runId),
        [runIdOf(2)],
      )
      answers(slower, text("Nothing alike"))
      yield* settle
      assert.lengthOf(its.pairs, 2)
      assert.deepInclude(its.pairs[0], {
        primaryMode: "direct_llm",
        shadowMode: "runtime_orchestrator",
        primaryOutcome: "success",
        shadowOutcome: "success",
        // 400 ms against 100, 900 against 100.
        differs: ["firstContent", "total"],
      })
      assert.deepInclude(its.pairs[0]?.distances, { text: 0, length: 0, sequence: 0, tokens: 1 - 7 / 9 })
      assert.strictEqual(its.pairs[0]?.primary.hash, its.pairs[0]?.shadow.hash)
      assert.includeMembers([...(its.pairs[1]?.differs ?? [])], ["text", "length"])
      assert.notStrictEqual(its.pairs[1]?.shadow.hash, its.pairs[0]?.shadow.hash)
      assert.notProperty(its.pairs[1]?.shadow, "text")
      assert.deepStrictEqual(yield* endings(its), [["compared", 2]])
    }).pipe(Effect.provide(layer(its, [runtime([], said(words))])))
  })

  it.effect("stores the texts if configured", () => {
    const its = { ...world(), storeTexts: true }
    return Effect.gen(function* () {
      const user = primary()
      answers(user, text("Yes"))
      yield* start(user)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([its.pairs[0]?.primary.text, its.pairs[0]?.shadow.text], ["Yes", "No"])
    }).pipe(Effect.provide(layer(its, [runtime([], said("No"))])))
  })

  it.effect("uses only the first provider in direct mode, once", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      const user = primary(1, "runtime_orchestrator")
      answers(user, text("Yes"))
      yield* start(user, "direct_llm")
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(
        asked.map(({ target }) => target),
        ["a"],
      )
      assert.deepInclude(its.pairs[0], { primaryMode: "runtime_orchestrator", shadowOutcome: "error" })
    }).pipe(
      Effect.provide(
        layer(its, [
          direct(asked, "a", [new E.UpstreamUnreachable({ upstream: "a" })]),
          direct(asked, "b", said("b")),
        ]),
      ),
    )
  })

  it.effect("does not run in a mode without a target", () => {
    const its = world()
    return Effect.gen(function* () {
      yield* start(primary(), "direct_llm")
      assert.deepStrictEqual(yield* endings(its), [])
    }).pipe(Effect.provide(layer(its, [runtime([], said("a"))])))
  })

  it.effect(
    "counts its tokens apart: those that were reported, and a guess that is marked where none were",
    () => {
      const its = { ...world(), turns: 20 }
      return Effect.gen(function* () {
        for (const n of [1, 2]) {
          const user = primary(n)
          answers(user, text("Yes"))
          yield* start(user)
        }
        yield* TestClock.adjust(100)
        yield* endings(its)
        // "Be kind.", "Where is the café?" and "abcd" are 30 characters, 8 tokens; 7 were reported.
        assert.deepInclude(its.ledger[0], { ending: "compared", runs: 2, tokens: 15, estimatedTokens: 8 })
      }).pipe(
        Effect.provide(
          layer(its, [
            runtime([], said("abcd"), [100, says(text("abcd")), { _tag: "Finished", usage: undefined }]),
          ]),
        ),
      )
    },
  )
})

describe("a failing shadow", () => {
  it.effect("ends by its own deadline when it hangs", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      const user = primary()
      answers(user, text("Yes"))
      yield* start(user)
      yield* TestClock.adjust(1000)
      yield* settle
      assert.deepInclude(its.pairs[0], {
        primaryOutcome: "success",
        shadowOutcome: "timeout",
        differs: ["outcome"],
      })
      assert.strictEqual(asked[0]?.ended, "interrupted")
    }).pipe(Effect.provide(layer(its, [runtime(asked, ["silence"])])))
  })

  it.effect("is cut, with its upstream cancelled, when it exceeds the limits", () => {
    const its = world()
    const asked: Array<Asked> = []
    const flood: Script = [...Array.from({ length: maxEvents + 1 }, () => says(text("x"))), "silence"]
    return Effect.gen(function* () {
      const user = primary()
      answers(user, text("Yes"))
      yield* start(user)
      yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => its.pairs.length > 0, times: 100_000 }))
      assert.deepInclude(its.pairs[0], { shadowOutcome: "error" })
      assert.deepInclude(its.pairs[0]?.shadow, { code: "SHADOW_FLOODED", length: maxEvents })
      assert.deepInclude(its.attempts[0]?.[1], { outcome: "error", code: "SHADOW_FLOODED" })
      assert.strictEqual(asked[0]?.ended, "interrupted")
    }).pipe(Effect.provide(layer(its, [runtime(asked, flood)])))
  })

  it.effect("frees its place after a defect", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      yield* start(primary(1))
      yield* start(primary(2))
      assert.lengthOf(asked, 2)
    }).pipe(Effect.provide(layer(its, [runtime(asked, ["bug"])])))
  })

  it.effect("is not compared after a rate limit of the runtime", () => {
    const its = world()
    return Effect.gen(function* () {
      const user = primary()
      answers(user, text("Yes"))
      yield* start(user)
      assert.isEmpty(its.pairs)
      assert.deepStrictEqual(yield* endings(its), [["not_comparable", 1]])
    }).pipe(Effect.provide(layer(its, [runtime([], [new E.UpstreamRateLimited({ upstream: "runtime" })])])))
  })
})

describe("room for shadows", () => {
  it.effect(
    "is a tenth of the turns under way: one too many is left out, not queued, and the next may come",
    () => {
      const its = { ...world(), turns: 30 }
      const asked: Array<Asked> = []
      return Effect.gen(function* () {
        const users = Array.from({ length: 5 }, (_, n) => primary(n))
        for (const user of users) yield* start(user)
        assert.lengthOf(asked, 3)
        for (const user of users) answers(user, text("Yes"))
        yield* TestClock.adjust(100)
        yield* start(primary(9))
        assert.lengthOf(asked, 4)
        assert.deepStrictEqual(yield* endings(its), [
          ["dropped_busy", 2],
          ["compared", 3],
        ])
      }).pipe(Effect.provide(layer(its, [runtime(asked, said("a"))])))
    },
  )

  it.effect("is none while the process is busy; running shadows are cancelled", () => {
    const its = { ...world(), turns: 30 }
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      yield* start(primary(1))
      its.utilization = 0.99
      yield* TestClock.adjust(1000)
      yield* settle
      assert.strictEqual(asked[0]?.ended, "interrupted")
      yield* start(primary(2))
      assert.lengthOf(asked, 1)
      its.utilization = 0.1
      yield* TestClock.adjust(1000)
      yield* start(primary(3))
      assert.lengthOf(asked, 2)
      assert.deepStrictEqual(yield* endings(its), [
        ["cancelled_load", 1],
        ["dropped_load", 1],
      ])
    }).pipe(Effect.provide(layer(its, [runtime(asked, [says(text("a")), "silence"])])))
  })

  it.effect("is none at a runtime whose breaker is open", () => {
    const its = { ...world(), breakerOpen: true }
    return Effect.gen(function* () {
      yield* start(primary())
      assert.deepStrictEqual(yield* endings(its), [["dropped_breaker", 1]])
    }).pipe(Effect.provide(layer(its, [runtime([], said("a"))])))
  })
})

describe("a shadow is cancelled", () => {
  const silent: Script = [says(toolCall("c")), "silence"]

  it.effect("with its own user's turn only", () => {
    const its = { ...world(), turns: 30 }
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      const cancelled = primary(1)
      const failed = primary(2)
      yield* start(cancelled)
      yield* start(failed)
      fails(cancelled, "EXECUTION_CANCELLED")
      fails(failed, "UPSTREAM_FAILED")
      yield* settle
      assert.deepStrictEqual(
        asked.map(({ ended }) => ended),
        ["interrupted", "still running"],
      )
      assert.deepStrictEqual(yield* endings(its), [["cancelled_primary", 1]])
      assert.isEmpty(its.pairs)
    }).pipe(Effect.provide(layer(its, [runtime(asked, silent)])))
  })

  it.effect("when the service stops, and is counted", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(layer(its, [runtime(asked, silent)]), scope)
      yield* start(primary()).pipe(Effect.provideContext(services))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(asked[0]?.ended, "interrupted")
      assert.deepStrictEqual(
        its.ledger.map(({ ending }) => ending),
        ["cancelled_stop"],
      )
    })
  })
})
