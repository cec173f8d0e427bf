import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Usage } from "../../src/domain/Outcome.ts"
import { isRecord } from "../../src/execution/direct/JsonRead.ts"
import { usageOf } from "../../src/execution/TokenCounts.ts"

describe("the tokens of an answer", () => {
  it.each([
    [{ prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 }, 42, 30, 12],
    [{ prompt_tokens: 30, completion_tokens: 12, prompt_tokens_details: { cached_tokens: 9 } }, 42, 30, 12],
    [{ input_tokens: 30, output_tokens: 12, input_tokens_details: { cached_tokens: 9 } }, 42, 30, 12],
    [
      { input_tokens: 10, cache_creation_input_tokens: 5, cache_read_input_tokens: 15, output_tokens: 12 },
      42,
      30,
      12,
    ],
    [
      { promptTokenCount: 30, candidatesTokenCount: 8, thoughtsTokenCount: 4, totalTokenCount: 42 },
      42,
      30,
      12,
    ],
    [{ promptTokenCount: 30, thoughtsTokenCount: 12 }, 42, 30, 12],
    [{ prompt_tokens: "30", completion_tokens: "12" }, 42, 30, 12],
    [{ prompt_tokens: 29.6, completion_tokens: 12.4 }, 42, 30, 12],
    [{ prompt_tokens: 0, completion_tokens: 0 }, 0, 0, 0],
    [{ completion_tokens: 12 }, 12, undefined, 12],
    [{ prompt_tokens: 30, completion_tokens: null }, 30, 30, undefined],
    [{ total_tokens: 42 }, 42, undefined, undefined],
  ])("%j are %s: %s and %s", (usage, tokens, input, output) => {
    assert.deepStrictEqual(usageOf(usage), {
      tokens,
      ...(input === undefined ? {} : { inputTokens: input }),
      ...(output === undefined ? {} : { outputTokens: output }),
    })
  })

  it.each([
    [{}],
    [{ prompt_tokens: -5, completion_tokens: 1 }],
    [{ prompt_tokens: 1e300, completion_tokens: 1 }],
    [{ prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: Number.MAX_SAFE_INTEGER }],
    [{ prompt_tokens: "many", completion_tokens: 1 }],
    [{ prompt_tokens: { total: 1 }, completion_tokens: [1] }],
    [{ total_tokens: "" }],
  ])("%j are unknown", (usage) => {
    assert.isUndefined(usageOf(usage))
  })

  it.prop("are always what a record can hold", [Schema.Json], ([json]) => {
    for (const usage of [json, { prompt_tokens: json, completion_tokens: 1 }, { total_tokens: json }]) {
      const found = isRecord(usage) ? usageOf(usage) : undefined
      if (found !== undefined) Schema.decodeSync(Usage)(found)
    }
  })
})
