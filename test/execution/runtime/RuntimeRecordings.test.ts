/** Answers that the real runtime gave, byte for byte. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Transcript } from "../../../src/runs/Transcript.ts"
import { hear, type Heard } from "./recording.ts"

const bytes = (name: string): Buffer => readFileSync(new URL(`recordings/${name}.sse`, import.meta.url))
const played = (name: string): Heard => hear([bytes(name)])

const drafts = ({ events }: Heard) =>
  events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))

const stored = (heard: Heard): string => {
  const transcript = new Transcript()
  for (const draft of drafts(heard)) transcript.add(draft)
  return transcript.text
}

const fortyTwo = "The answer from the fake model is forty two, in several words."

describe("a recorded answer of the real runtime", () => {
  it.each([
    ["text", fortyTwo],
    ["unicode", "你好🌍 – “quotes” \u2028 line\nbreak 👩‍👩‍👧"],
    ["two", fortyTwo],
    ["planfile", fortyTwo],
    ["delegate", fortyTwo],
    ["empty", ""],
  ])("%s ends well and is stored as the runtime has it", (name, text) => {
    const heard = played(name)
    assert.isUndefined(heard.error)
    assert.strictEqual(heard.unknown, 0)
    assert.strictEqual(stored(heard), text)
    assert.strictEqual(heard.events.at(-1)?._tag, "Finished")
    assert.notInclude(
      drafts(heard).map(({ type }) => type),
      "retract",
    )
  })

  it.each([
    ["failplan", ""],
    ["failrespond", ""],
    ["cutmodel", "The answer from the "],
  ])("%s is a failure, and the runtime's sentence is not shown", (name, shown) => {
    const heard = played(name)
    assert.deepInclude(heard.error?.detail, { _tag: "UpstreamFailed", upstream: "runtime", message: "" })
    assert.strictEqual(stored(heard), shown)
    assert.notInclude(JSON.stringify(heard.events), "encountered")
  })

  it("two: pairs the calls of parallel steps, each with its own step", () => {
    const pairs = drafts(played("two")).flatMap(({ data, metadata, type }) =>
      type === "tool_call" || type === "tool_result"
        ? [[type, (data as { toolName: string }).toolName, metadata?.callId, metadata?.stepId]]
        : [],
    )
    assert.deepStrictEqual(pairs, [
      ["tool_call", "code_executor", "call-1", "s1"],
      ["tool_call", "no_such_tool", "call-2", "s2"],
      ["tool_result", "no_such_tool", "call-2", "s2"],
      ["tool_result", "code_executor", "call-1", "s1"],
    ])
  })

  it("planfile: pairs the calls of a plan that is made anew under the same step", () => {
    const pairs = drafts(played("planfile")).flatMap(({ metadata, type }) =>
      type === "tool_call" || type === "tool_result" ? [metadata?.callId] : [],
    )
    assert.deepStrictEqual(pairs, ["call-1", "call-1", "call-2", "call-2", "call-3", "call-3"])
  })

  it("delegate: shows the sub-agent's text as thinking within its call", () => {
    const types = drafts(played("delegate")).map(({ type }) => type)
    const call = types.indexOf("skill_call")
    const result = types.indexOf("skill_result")
    assert.deepStrictEqual(new Set(types.slice(call + 1, result)), new Set(["thinking"]))
    assert.deepStrictEqual(
      types.slice(result + 3),
      Array.from({ length: 12 }, () => "text"),
    )
  })

  it.each(["text", "two", "delegate", "cutmodel", "unicode"])("%s is the same byte by byte", (name) => {
    const whole = played(name)
    assert.deepStrictEqual(hear(Array.from(bytes(name), (byte) => Uint8Array.of(byte))), whole)
  })
})
