import { assert, describe, it } from "@effect/vitest"
import {
  estimateFileTokens,
  estimateMessageTokens,
  estimatePromptTokens,
} from "../../src/domain/TokenEstimate.ts"
import { attachment } from "../support/heldFiles.ts"

describe("the tokens of a file", () => {
  it.each([
    ["image", 10, 1600],
    ["image", 10_000_000, 1600],
    ["pdf", 1, 2500],
    ["pdf", 120_000, 7500],
    ["pdf", 1_000_000_000, 250_000],
    ["text", 4001, 1001],
    ["text", 10_000_000, 65_536],
    ["text", 0, 0],
  ] as const)("%s of %d bytes: %d", (kind, bytes, tokens) => {
    assert.strictEqual(estimateFileTokens({ kind, bytes }), tokens)
  })

  it("count with the text of their message", () => {
    const message = { content: "four", attachments: [attachment(1), attachment(2, "pdf")] }
    assert.strictEqual(estimateMessageTokens(message), 1 + 1600 + 2500)
    assert.strictEqual(estimatePromptTokens([message, { content: "four" }]), 2 + 1600 + 2500)
  })
})
