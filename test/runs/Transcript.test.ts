import { assert, describe, it } from "@effect/vitest"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { planStep, runId, table, text, thinking, toolCall } from "../support/fixtures.ts"

const fold = (...drafts: ReadonlyArray<Draft>): string => {
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft)
  return transcript.text
}

const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId, fromSeq, toSeq, reason: "" },
})
const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "", code: "" } }

describe("Transcript", () => {
  it("is the text of the answer as it was shown, character for character", () => {
    assert.strictEqual(fold(), "")
    assert.strictEqual(
      fold(
        text("a \r\n"),
        { type: "markdown", data: { content: "**b**" } },
        text(""),
        text("\ud83d"),
        text("\ude00"),
      ),
      "a \r\n**b**😀",
    )
  })

  it("leaves out what is no part of the answer", () => {
    assert.strictEqual(fold(thinking("hm"), planStep("s1"), toolCall("c1"), text("a"), fallback), "a")
  })

  it("leaves a mark for every part that is not text, so that no answer is empty", () => {
    const parts: ReadonlyArray<readonly [Draft, string]> = [
      [{ type: "code", data: { language: "ts", code: "1" } }, "\n```ts\n1\n```\n"],
      [{ type: "file", data: { url: "/x", filename: "a.csv", mimeType: "text/csv" } }, "\n[file: a.csv]\n"],
      [{ type: "image", data: { url: "/x", alt: "A cat" } }, "\n[image: A cat]\n"],
      [{ type: "image", data: { url: "/x", caption: "A dog" } }, "\n[image: A dog]\n"],
      [{ type: "image", data: { url: "/x" } }, "\n[image: ]\n"],
      [table, "\n[table]\n"],
      [{ type: "chart", data: { chartType: "line", series: [] } }, "\n[chart]\n"],
      [{ type: "report", data: { title: "t", sections: [] } }, "\n[report]\n"],
    ]
    for (const [draft, mark] of parts) assert.strictEqual(fold(draft), mark)
  })

  it("holds nothing of what was taken back", () => {
    assert.strictEqual(
      fold(text("wrong "), text("answer"), retract(1, 2), fallback, text("right"), text(" answer")),
      "right answer",
    )
    assert.strictEqual(fold(text("wrong"), retract(1, 1)), "")
    assert.strictEqual(fold(text("a"), retract(1, 1), text("b"), retract(3, 3), text("c")), "c")
  })

  it("keeps what a retract does not name", () => {
    const file: Draft = { type: "file", data: { url: "/x", filename: "a.csv", mimeType: "text/csv" } }
    assert.strictEqual(
      fold(thinking("hm"), text("wrong"), file, text("er"), retract(2, 2), retract(4, 4), text("right")),
      "\n[file: a.csv]\nright",
    )
  })
})
