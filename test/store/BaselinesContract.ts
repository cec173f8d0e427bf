/** The contract of every adapter of `Baselines`; `Stores.test.ts` runs it against each of them. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Baselines } from "../../src/store/Baselines.ts"

export const baselines = (name: string, layer: Layer.Layer<Baselines, unknown>) =>
  withLayer(layer)(`Baselines on ${name}`, (it) => {
    it.effect("a value is stored only if its writer knows the last version", () =>
      Effect.gen(function* () {
        const { find, put } = yield* Baselines
        assert.isUndefined(yield* find("one"))
        yield* put("one", 812.5, 0)
        assert.deepStrictEqual(yield* find("one"), { version: 1, p99Ms: 812.5 })
        yield* put("one", 900, 0)
        assert.deepStrictEqual(yield* find("one"), { version: 1, p99Ms: 812.5 })
        yield* put("one", 900, 1)
        assert.deepStrictEqual(yield* find("one"), { version: 2, p99Ms: 900 })
        assert.isUndefined(yield* find("two"))
      }),
    )
  })
