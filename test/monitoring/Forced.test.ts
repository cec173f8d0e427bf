import { assert, describe, it } from "@effect/vitest"
import * as Forced from "../../src/monitoring/Forced.ts"

const order = (mode: Forced.Forced["mode"], expiresAt: number | null = null): Forced.Forced => ({
  mode,
  by: "ops",
  reason: "drill",
  since: 0,
  expiresAt,
})
const direct = order("direct_llm")
const runtime = order("runtime_orchestrator")

describe("orders", () => {
  it("direct mode for all beats every other; else an organisation's own beats that for all", () => {
    assert.strictEqual(Forced.effective(direct, runtime, 1), direct)
    assert.strictEqual(Forced.effective(runtime, direct, 1), direct)
    assert.strictEqual(Forced.effective(runtime, undefined, 1), runtime)
    assert.strictEqual(Forced.effective(undefined, runtime, 1), runtime)
    assert.isUndefined(Forced.effective(undefined, undefined, 1))
  })

  it("hold until they run out", () => {
    assert.isTrue(Forced.holds(order("direct_llm", 100), 99))
    assert.isFalse(Forced.holds(order("direct_llm", 100), 100))
    assert.strictEqual(Forced.effective(order("direct_llm", 100), runtime, 100), runtime)
  })
})
