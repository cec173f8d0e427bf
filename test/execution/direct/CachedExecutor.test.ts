import { assert, describe, it } from "@effect/vitest"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import { UpstreamTruncated } from "../../../src/execution/ExecutionError.ts"
import { type ExecutionEvent, Executor } from "../../../src/execution/Executor.ts"
import { layerMemory } from "../../../src/execution/direct/AnswerCacheMemory.ts"
import * as CachedExecutor from "../../../src/execution/direct/CachedExecutor.ts"
import { orgId, otherOrgId, says, table, text, thinking, turn } from "../../support/fixtures.ts"
import { type Asked, type Script, scripted } from "../scripted.ts"

const settings = {
  name: "a",
  kind: "openai" as const,
  baseUrl: undefined,
  apiKey: undefined,
  model: "m-1",
  takesAgentModel: true,
  ...plainRequests,
}
const spent: ExecutionEvent = { _tag: "Finished", usage: { tokens: 7 } }
const free: ExecutionEvent = { _tag: "Finished", usage: { tokens: 0, cached: true } }

/** Asks the same question once per script, and returns the answers. */
const asking = (scripts: ReadonlyArray<Script>, questions = scripts.map(() => turn())) =>
  Effect.gen(function* () {
    const asked: Array<Asked> = []
    const layer = CachedExecutor.around(
      scripted(asked, "direct_llm", "a", ...scripts),
      settings,
      new Set([orgId]),
    ).pipe(Layer.provide(layerMemory("1 minute")))
    const executor = Context.get(yield* Layer.build(layer), Executor)
    const said = yield* Effect.forEach(questions, (question) =>
      Effect.exit(Stream.runCollect(executor.execute(question))),
    )
    return {
      asked: asked.length,
      said: said.map((exit) => (exit._tag === "Success" ? [...exit.value] : exit._tag)),
    }
  }).pipe(Effect.scoped)

describe("a question that was answered before", () => {
  it.effect("is not asked again: the text in one piece, no tokens spent, and it says so", () =>
    Effect.gen(function* () {
      const first = [says(thinking("hm")), says(text("At ")), says(text("the corner.")), spent]
      const { asked, said } = yield* asking([first, [says(text("never"))]])
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(said, [first as Array<ExecutionEvent>, [says(text("At the corner.")), free]])
    }),
  )

  it.effect("is asked again by another organisation, and by one that does not want it", () =>
    Effect.gen(function* () {
      const answer = [says(text("a")), spent]
      const questions = [turn({ orgId: otherOrgId }), turn({ orgId: otherOrgId }), turn(), turn()]
      const { asked } = yield* asking([answer, answer, answer, answer], questions)
      assert.strictEqual(asked, 3)
    }),
  )

  it.effect("is asked again when its answer was cut, was no text, was nothing, or was too long", () =>
    Effect.gen(function* () {
      const good = [says(text("good")), spent]
      const cases: ReadonlyArray<Script> = [
        [says(text("half")), new UpstreamTruncated({ upstream: "a" })],
        [says(text("half")), { _tag: "Finished", usage: undefined, finishReason: "length" }],
        [says(text("half"))],
        [says(text("see: ")), says(table), says(text(".")), spent],
        [says(thinking("hm")), spent],
        [says(text("x".repeat(40_000))), says(text("x".repeat(40_000))), spent],
      ]
      for (const first of cases) {
        const { asked, said } = yield* asking([first, good])
        assert.strictEqual(asked, 2)
        assert.deepStrictEqual(said[1], good)
      }
    }),
  )

  it.effect("is counted, as is one that was not", () =>
    Effect.gen(function* () {
      const count = (result: string) =>
        Effect.map(Metric.snapshot, (metrics) => {
          const found = metrics.find(
            ({ attributes, id }) =>
              id === "crossfade_direct_cache_lookups_total" && attributes?.["result"] === result,
          )
          return found?.type === "Counter" ? Number(found.state.count) : 0
        })
      const before = [yield* count("hit"), yield* count("miss")] as const
      const answer = [says(text("a")), spent]
      yield* asking([answer, answer, answer])
      assert.deepStrictEqual([yield* count("hit"), yield* count("miss")], [before[0] + 2, before[1] + 1])
    }),
  )
})
