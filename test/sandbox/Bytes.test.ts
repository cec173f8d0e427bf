import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { cut, garbage, seeded } from "../../src/sandbox/Bytes.ts"
import { quoted, spoken } from "../../src/sandbox/Prose.ts"
import { script } from "../../src/sandbox/Script.ts"

describe("the bytes of the sandbox", () => {
  it.prop("are the same after any cuts", [Schema.String, Schema.Int], ([text, seed]) => {
    const bytes = new TextEncoder().encode(text)
    const pieces = cut(bytes, seeded(seed))
    assert.strictEqual(Buffer.concat(pieces).toString("hex"), Buffer.from(bytes).toString("hex"))
    assert.isTrue(pieces.every((piece) => piece.length > 0))
  })

  it.prop("are cut inside a multi-byte character if there is one", [Schema.Int], ([seed]) => {
    const pieces = cut(new TextEncoder().encode("data: café au lait"), seeded(seed))
    assert.isTrue(pieces.slice(1).some((piece) => piece[0] === 0xa9))
  })

  it("are cut at the same places for the same seed, at others for another", () => {
    const bytes = new Uint8Array(1000)
    const lengths = (seed: number) => {
      const random = seeded(seed)
      return Array.from({ length: 10 }, () => cut(bytes, random).map((piece) => piece.length))
    }
    assert.deepStrictEqual(lengths(7), lengths(7))
    assert.notDeepEqual(lengths(7), lengths(8))
  })

  it("hold garbage that no JSON decoder accepts", () => {
    for (let index = 0; index < 8; index++) {
      const payload = Buffer.from(garbage("\r\n", index)).toString("utf8").trim().slice("data: ".length)
      assert.throws(() => JSON.parse(payload))
    }
  })
})

describe("the script of the sandbox", () => {
  const play = (message: string) => script({ message, earlier: 1, fileId: "f", dryRun: false }, seeded(1))

  it.prop("speaks exactly its answer", [Schema.String], ([text]) => {
    const told = text.trim() === "" ? "" : text
    assert.strictEqual(spoken(told, 3).join(""), told)
  })

  it.prop("has the whole answer in its pieces and at its end", [Schema.String], ([message]) => {
    const { answer, beats } = play(message)
    const told = beats.flatMap((beat) => (beat.event === "text_chunk" ? [beat.data["content"]] : []))
    assert.strictEqual(told.join(""), answer)
    assert.strictEqual(beats.at(-1)?.data["final_response"], answer)
  })

  it("takes three to four seconds, text 40 to 60 ms apart", () => {
    const { beats } = play("How do I move a tenant?")
    const total = beats.reduce((sum, beat) => sum + beat.afterMs, 0)
    assert.isTrue(total >= 3000 && total <= 4000, `${total} ms`)
    for (const beat of beats.filter((each) => each.event === "text_chunk")) {
      assert.isTrue(beat.afterMs >= 40 && beat.afterMs <= 60)
    }
  })

  it("quotes the beginning of a long message and every line of a short one", () => {
    assert.strictEqual(quoted("a\r\nb"), "> a\n> b")
    assert.strictEqual(Array.from(quoted("🙂".repeat(100_000))).length, 2 + 280 + 1)
  })

  it("has neither plan nor calls for a message that begins with /plain", () => {
    const names = new Set(play("/plain hello").beats.map((beat) => beat.event))
    assert.deepStrictEqual([...names], ["thinking", "text_chunk", "execution_complete"])
  })
})
