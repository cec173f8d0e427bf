import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { similarity } from "../../src/shadow/Similarity.ts"

describe("the likeness of two texts", () => {
  it.prop(
    "is the same both ways, 1 to itself, within 0 and 1",
    { a: Schema.String, b: Schema.String },
    ({ a, b }) => {
      const found = similarity(a, b)
      assert.strictEqual(found, similarity(b, a))
      assert.isTrue(found >= 0 && found <= 1)
      assert.strictEqual(similarity(a, a), 1)
    },
  )

  it("ignores case, punctuation, markup and spacing if there is other text", () => {
    assert.strictEqual(similarity("**Open** at nine.", "open at NINE"), 1)
    assert.isBelow(similarity("👍", "👎"), 1)
  })

  const said = "The museum opens at nine in the morning and closes at six, except on Mondays."
  const again = "It is open from nine in the morning until six; on Mondays the museum is closed."
  const other = "Your invoice was sent to the address that we have on file for your company."

  it("ranks a paraphrase well above another subject in the same language", () => {
    assert.isAbove(similarity(said, again), 0.5)
    assert.isBelow(similarity(said, other), 0.3)
  })

  it("works without spaces between words", () => {
    assert.isAbove(similarity("美術館は朝九時に開きます。", "美術館は朝九時に開館します。"), 0.5)
    assert.isBelow(similarity("美術館は朝九時に開きます。", "請求書を会社の住所に送りました。"), 0.2)
  })

  it("is at least a half for an answer that contains the other and is four times as long", () => {
    const long = `${said} ${other} ${other.split("").toReversed().join("")} ${said.split("").toReversed().join("")}`
    const ratio = similarity(said, long)
    assert.isAbove(ratio, 0.45)
    assert.isBelow(ratio, 0.75)
  })
})
