import { assert, describe, it } from "@effect/vitest"
import { finishOf } from "../../../src/execution/direct/FinishReasons.ts"

describe("a finish reason", () => {
  it.each([
    ["stop", "stop"],
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["STOP", "stop"],
    ["eos", "stop"],
    ["length", "length"],
    ["max_tokens", "length"],
    ["MAX_TOKENS", "length"],
    ["max_output_tokens", "length"],
    ["model_length", "length"],
    ["model_context_window_exceeded", "length"],
    ["content_filter", "filtered"],
    ["Content-Filter", "filtered"],
    ["content_filter: RECITATION", "filtered"],
    ["sensitive", "filtered"],
    ["guardrail_intervened", "filtered"],
    ["recitation", "filtered"],
    ["SAFETY", "filtered"],
    ["PROHIBITED_CONTENT", "filtered"],
    ["SPII", "filtered"],
    ["refusal", "filtered"],
    ["ERROR_TOXIC", "filtered"],
    ["error", "failed"],
    ["abort", "failed"],
    ["cancelled", "failed"],
    ["MALFORMED_FUNCTION_CALL", "failed"],
    ["network_error", "unavailable"],
    ["insufficient_system_resource", "unavailable"],
    ["tool_calls", "other"],
    ["function_call", "other"],
    ["pause_turn", "other"],
  ] as const)("%s is %s", (reason, verdict) => {
    assert.deepStrictEqual(finishOf(reason), { verdict, unknown: undefined })
  })

  it.each(["", " ", "null", "NULL", "None", "FINISH_REASON_UNSPECIFIED", null, undefined, 0, false, {}])(
    "%j says nothing yet",
    (reason) => {
      assert.isUndefined(finishOf(reason))
    },
  )

  it("is stored as sent if the table does not have it", () => {
    assert.deepStrictEqual(finishOf("Brand-New"), { verdict: "other", unknown: "Brand-New" })
    assert.deepInclude(finishOf("__proto__"), { verdict: "other" })
  })
})
