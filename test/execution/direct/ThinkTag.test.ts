import { assert, describe, it } from "@effect/vitest"
import { ThinkTag } from "../../../src/execution/direct/ThinkTag.ts"

const split = (...deltas: ReadonlyArray<string>) => {
  const tag = new ThinkTag()
  const parts = [...deltas.map((delta) => tag.feed(delta)), tag.end()]
  return {
    thinking: parts.map(({ thinking }) => thinking).join(""),
    text: parts.map(({ text }) => text).join(""),
  }
}

describe("thinking in a tag", () => {
  const cases: ReadonlyArray<readonly [whole: string, thinking: string, text: string]> = [
    ["<think>hm</think>hi", "hm", "hi"],
    [" \n<think>\nhm\n</think>\n\nhi\n", "\nhm\n", "hi\n"],
    ["<think></think>hi", "", "hi"],
    [
      "<think>a < b </thin></think>hi </think> <think>no</think>",
      "a < b </thin>",
      "hi </think> <think>no</think>",
    ],
    ["<think>hm", "hm", ""],
    ["<think>hm</thi", "hm</thi", ""],
    ["hi <think>no</think>", "", "hi <think>no</think>"],
    ["<thi", "", "<thi"],
    ["<thinking>hm</think></thinking>hi", "hm</think>", "hi"],
    ["<THINK>hm</Think>hi", "hm", "hi"],
    ["<thought>hm</thought>\nhi", "hm", "hi"],
    ["[THINK]hm[/THINK]hi", "hm", "hi"],
    ["◁think▷hm◁/think▷hi", "hm", "hi"],
    ["\n</think>\n\nhi", "", "hi"],
    ["<thinker>hi", "", "<thinker>hi"],
    ["[Thinking] hi", "", "[Thinking] hi"],
    ["\n hi", "", "\n hi"],
    ["", "", ""],
  ]
  it.each(cases)("%j is split wherever it is cut", (whole, thinking, text) => {
    assert.deepStrictEqual(split(...whole), { thinking, text })
    for (let at = 0; at <= whole.length; at += 1)
      assert.deepStrictEqual(split(whole.slice(0, at), whole.slice(at)), { thinking, text })
  })

  it("holds back no more than a tag's beginning", () => {
    const tag = new ThinkTag()
    assert.deepStrictEqual(tag.feed("<think>one <"), { thinking: "one ", text: "" })
    assert.deepStrictEqual(tag.feed("b"), { thinking: "<b", text: "" })
    assert.deepStrictEqual(new ThinkTag().feed(" ".repeat(300)).text.length, 300)
  })
})
