import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { inspect } from "node:util"
import * as SealedValue from "../../src/domain/SealedValue.ts"

const secret = (text: string) => Redacted.make(text.padEnd(40, "x"))
const first = SealedValue.dataKey(secret("first"))
const second = SealedValue.dataKey(secret("second"))
const nonce = new Uint8Array(SealedValue.nonceBytes).fill(7)
const place = ["mcp", "acme", "agent-1", "server-1"]
const plain = '{"token":"canary é 👍"}'
const sealed = SealedValue.seal(first, nonce, plain, place)

const failure = (result: Result.Result<string, SealedValue.Unreadable>) =>
  Result.isFailure(result) ? result.failure : undefined

describe("a sealed value", () => {
  it("opens with its key, at any place among the keys", () => {
    assert.deepStrictEqual(SealedValue.open([first], sealed, place), Result.succeed(plain))
    assert.deepStrictEqual(SealedValue.open([second, first], sealed, place), Result.succeed(plain))
  })

  it("names its key and reveals nothing of the text", () => {
    assert.strictEqual(SealedValue.keyIdOf(sealed), first.id)
    assert.notInclude(sealed, "canary")
    assert.notInclude(Buffer.from(sealed.split(".")[2]!, "base64url").toString("latin1"), "canary")
    assert.notStrictEqual(
      sealed,
      SealedValue.seal(first, new Uint8Array(SealedValue.nonceBytes), plain, place),
    )
  })

  it.each([
    ["another organisation", ["mcp", "umbrella", "agent-1", "server-1"]],
    ["another agent", ["mcp", "acme", "agent-2", "server-1"]],
    ["another server", ["mcp", "acme", "agent-1", "server-2"]],
    ["no organisation", ["mcp", null, "agent-1", "server-1"]],
    ["a place whose parts are cut elsewhere", ["mcp", "acme", "agent-1server-1", ""]],
  ])("does not open in the place of %s", (_, other) => {
    assert.deepStrictEqual(failure(SealedValue.open([first], sealed, other)), { reason: "damaged" })
  })

  it("names the missing key", () => {
    const { id: keyId } = first
    assert.deepStrictEqual(failure(SealedValue.open([second], sealed, place)), {
      reason: "unknown_key",
      keyId,
    })
    assert.deepStrictEqual(failure(SealedValue.open([], sealed, place)), { reason: "unknown_key", keyId })
  })

  it("does not open if any character of it is changed, cut or added", () => {
    const begin = sealed.lastIndexOf(".") + 1
    for (let at = begin; at < sealed.length; at += 1) {
      const other = sealed[at] === "A" ? "B" : "A"
      // The last character of base64url may have unused bits.
      if (at === sealed.length - 1) continue
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
      assert.deepStrictEqual(failure(SealedValue.open([first], changed, place)), { reason: "damaged" })
      const cut = sealed.slice(0, at)
      assert.deepStrictEqual(failure(SealedValue.open([first], cut, place)), { reason: "damaged" })
    }
    for (const other of ["", "v1", "v2.00000000.AAAA", `${sealed}AAAA`, `v1.${first.id}.`, "x".repeat(100)])
      assert.deepStrictEqual(failure(SealedValue.open([first], other, place)), { reason: "damaged" })
  })
})

describe("a data key", () => {
  it("has an id of its own, which differs between secrets", () => {
    assert.match(first.id, /^[0-9a-f]{8}$/)
    assert.notStrictEqual(first.id, second.id)
    assert.strictEqual(SealedValue.dataKey(secret("first")).id, first.id)
  })

  it("reveals nothing of the key when it is printed", () => {
    const shown = `${inspect(first, { depth: 5 })}${JSON.stringify(first)}`
    assert.notInclude(shown, "firstx")
    assert.notInclude(shown, first.key.export().toString("hex"))
    assert.notInclude(shown, first.key.export().toString("base64"))
  })
})
