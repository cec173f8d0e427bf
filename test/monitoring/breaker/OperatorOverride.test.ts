import { assert, describe, it } from "@effect/vitest"
import * as OperatorOverride from "../../../src/monitoring/breaker/OperatorOverride.ts"

const order = (
  mode: OperatorOverride.OperatorOverride["mode"],
  expiresAt: number | null = null,
): OperatorOverride.OperatorOverride => ({
  mode,
  by: "ops",
  reason: "drill",
  since: 0,
  expiresAt,
})
const direct = order("direct_llm")
const runtime = order("runtime_orchestrator")

describe("operator overrides", () => {
  it("a global override to direct mode beats every other one; else an organisation's own beats the global one", () => {
    assert.strictEqual(OperatorOverride.effective(direct, runtime, 1), direct)
    assert.strictEqual(OperatorOverride.effective(runtime, direct, 1), direct)
    assert.strictEqual(OperatorOverride.effective(runtime, undefined, 1), runtime)
    assert.strictEqual(OperatorOverride.effective(undefined, runtime, 1), runtime)
    assert.isUndefined(OperatorOverride.effective(undefined, undefined, 1))
  })

  it("hold until they expire", () => {
    assert.isTrue(OperatorOverride.holds(order("direct_llm", 100), 99))
    assert.isFalse(OperatorOverride.holds(order("direct_llm", 100), 100))
    assert.strictEqual(OperatorOverride.effective(order("direct_llm", 100), runtime, 100), runtime)
  })
})
