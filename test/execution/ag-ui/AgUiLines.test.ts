import { expect, it } from "vitest"
import { AgUiLines } from "../../../src/execution/ag-ui/AgUiLines.ts"

it("stores nothing of a RAW event, whatever the pieces in which it arrives", () => {
  const lines = new AgUiLines()
  const raw = `data: {"type":"RAW","event":"${"x".repeat(5000)}"}`
  const kept = Array.from(raw, (character) => lines.feed(character).text).join("")
  expect(kept + lines.feed('\n\ndata: {"type":"CUSTOM"}\n\n').text).toBe('\n\ndata: {"type":"CUSTOM"}\n\n')
})
