import { assert, describe, it } from "@effect/vitest"
import type * as ModeDecision from "../../src/decision/ModeDecision.ts"
import { decide, denied, direct, no, noRuntime, ordered, runtime, toRuntime } from "./deciding.ts"

describe("a turn with files", () => {
  const blind: ModeDecision.Takes = (mode) => (mode === runtime ? [["image", "text"]] : [["text"], []])
  const image = { attachments: ["image"] as const }
  const pdf = { attachments: ["pdf", "pdf"] as const }

  it("leaves a mode that does not take them, also as fallback and shadow", () => {
    const decision = decide({ request: image, takes: blind, settings: { shadowPercentage: 100 } })
    assert.deepStrictEqual(decision?.order, [runtime])
    assert.strictEqual(decision?.reason, "attachments")
    assert.deepStrictEqual(decision?.rules.at(-2), {
      rule: "attachments",
      result: "direct_llm does not take image",
      decided: true,
    })
    assert.isUndefined(decision?.shadow)
  })

  it("stays on the runtime with an open breaker, and moves to direct mode if the runtime takes no images", () => {
    const stays = decide({ settings: toRuntime, request: image, takes: blind, admission: no })
    assert.deepStrictEqual(stays?.order, [runtime])
    const sees: ModeDecision.Takes = (mode) => (mode === runtime ? [[]] : [["image"]])
    for (const forced of [undefined, ordered(runtime)]) {
      const moved = decide({ settings: toRuntime, request: image, takes: sees, ...(forced && { forced }) })
      assert.deepStrictEqual(moved?.order, [direct])
      assert.strictEqual(moved?.reason, "attachments")
    }
  })

  it("keeps both modes if a target of each takes all of them", () => {
    const takes: ModeDecision.Takes = () => [["text"], ["image", "text"]]
    assert.deepStrictEqual(decide({ settings: toRuntime, request: image, takes })?.order, [runtime, direct])
    assert.isUndefined(
      decide({ request: { attachments: ["image", "pdf"] }, takes: () => [["image"], ["pdf"]] }),
    )
  })

  it("has no mode if none takes them, or if the turn may not use the one that does", () => {
    assert.isUndefined(decide({ request: pdf, takes: blind }))
    assert.isUndefined(decide({ request: image, takes: blind, settings: denied }))
    assert.isUndefined(decide({ request: image, takes: blind, forced: ordered(direct) }))
    assert.isUndefined(decide({ request: image, takes: blind, available: noRuntime }))
    const waits = { ...image, awaitsAnswer: true }
    assert.isUndefined(decide({ request: waits, takes: (mode) => (mode === direct ? [["image"]] : [[]]) }))
  })
})
