import { assert, it } from "@effect/vitest"
import { filenameIn } from "../../src/files/ContentDisposition.ts"
import * as DataUrl from "../../src/files/DataUrl.ts"
import { shownName } from "../../src/files/Filename.ts"
import { servedType } from "../../src/files/MediaTypes.ts"
import { isKnown, rangeOf } from "../../src/http/ByteRanges.ts"

it("shows the last part of a name, without what a reader cannot see", () => {
  assert.strictEqual(shownName("../../etc/passwd"), "passwd")
  assert.strictEqual(shownName("C:\\Users\\ana\\a.png"), "a.png")
  assert.strictEqual(shownName("exe\u202egnp.txt\r\n\0"), "exegnp.txt")
  assert.strictEqual(shownName("zero\u200bwidth\u2066.md"), "zerowidth.md")
  assert.strictEqual(shownName("cafe\u0301.md"), "café.md")
  for (const empty of [undefined, "", " ", "..", ".", "/", "a/", "\u202e"])
    assert.strictEqual(shownName(empty), "file")
  assert.isTrue(shownName("a\ud800.md").isWellFormed())
})

it("shortens a long name and keeps its extension", () => {
  const name = shownName(`${"ä".repeat(10_000)}.markdown`)
  assert.strictEqual(Array.from(name).length, 200)
  assert.isTrue(name.endsWith("ä.markdown"))
  assert.strictEqual(Array.from(shownName("😀".repeat(300))).length, 200)
})

it("reads both forms of a file name in a header", () => {
  assert.strictEqual(filenameIn('attachment; filename="a b.png"'), "a b.png")
  assert.strictEqual(filenameIn("attachment; filename=a.png; x=1"), "a.png")
  assert.strictEqual(filenameIn(`attachment; filename="_.png"; filename*=UTF-8''%C3%A4.png`), "ä.png")
  assert.strictEqual(filenameIn(`attachment; filename="ok"; filename*=UTF-8''%ZZ`), "ok")
  assert.strictEqual(filenameIn(`x; filename="${Buffer.from("ä").toString("latin1")}"`), "ä")
  assert.strictEqual(filenameIn('x; filename="a\\"b"'), 'a"b')
  assert.isUndefined(filenameIn("attachment"))
})

it("decodes data URLs, and refuses broken Base64", () => {
  const text = (url: string) => {
    const parsed = DataUrl.parse(url)
    return parsed && [parsed.type, Buffer.from(parsed.bytes).toString()]
  }
  assert.deepStrictEqual(text("data:text/plain;charset=utf-8;base64,aGk="), ["text/plain", "hi"])
  assert.deepStrictEqual(text("data:;base64,aGk"), ["", "hi"])
  assert.deepStrictEqual(text("data:text/plain;base64,"), ["text/plain", ""])
  for (const broken of ["data:text/plain,hi", "data:text/plain;base64,a", "data:x;base64,a b=", "x"])
    assert.isUndefined(text(broken))
})

it("serves a text that a browser could run as plain text", () => {
  assert.strictEqual(servedType("text/html", "text"), "text/plain; charset=utf-8")
  assert.strictEqual(servedType("image/svg+xml", "text"), "text/plain; charset=utf-8")
  assert.strictEqual(servedType("text/csv", "text"), "text/csv; charset=utf-8")
  assert.strictEqual(servedType("image/png", "image"), "image/png")
})

it("finds the range of a request", () => {
  const range = (text: string | undefined, ifRange?: string) =>
    rangeOf({ range: text, ifRange, etag: '"e"', size: 10 })
  assert.deepStrictEqual(range("bytes=2-4"), { first: 2, last: 4 })
  assert.deepStrictEqual(range("bytes=8-99"), { first: 8, last: 9 })
  assert.deepStrictEqual(range("bytes=-3"), { first: 7, last: 9 })
  assert.deepStrictEqual(range("bytes=-30"), { first: 0, last: 9 })
  assert.deepStrictEqual(range("bytes=0-0", '"e"'), { first: 0, last: 0 })
  for (const beyond of ["bytes=10-", "bytes=-0"]) assert.strictEqual(range(beyond), "unsatisfiable")
  for (const whole of [undefined, "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "items=1-2", "bytes=x-"])
    assert.isUndefined(range(whole))
  assert.isUndefined(range("bytes=2-4", '"other"'))
})

it("knows the tags that mean the same file", () => {
  for (const same of ['"e"', 'W/"e"', '"x", "e"', "*"]) assert.isTrue(isKnown(same, '"e"'))
  for (const other of [undefined, "", '"x"']) assert.isFalse(isKnown(other, '"e"'))
})
