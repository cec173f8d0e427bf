import { assert, describe, it } from "@effect/vitest"
import { deflateSync } from "node:zlib"
import { FileCheck } from "../../src/files/FileCheck.ts"

const ascii = (text: string) => Buffer.from(text, "latin1")

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Check sums are not read. */
const chunk = (type: string, data: Buffer) => Buffer.concat([u32(data.length), ascii(type), data, u32(0)])
const png = (width: number, height: number) =>
  Buffer.concat([
    ascii("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", Buffer.concat([u32(width), u32(height), Buffer.from([8, 2, 0, 0, 0])])),
    chunk("IDAT", deflateSync(Buffer.alloc(100))),
    Buffer.from("0000000049454e44ae426082", "hex"),
  ])
const segment = (marker: number, data: Buffer) =>
  Buffer.concat([Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255]), data])
/** The thumbnail in the first segment is a whole JPEG. */
const jpeg = (width: number, height: number) =>
  Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe1, Buffer.concat([ascii("Exif"), Buffer.from([0xff, 0xd8, 0xff, 0xd9])])),
    segment(0xc0, Buffer.from([8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 17, 0])),
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from([1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 5, 6, 7, 8, 9, 10]),
    Buffer.from([0xff, 0xd9]),
  ])
const gif = Buffer.concat([
  ascii("GIF89a"),
  Buffer.from([10, 0, 20, 0]),
  Buffer.alloc(30),
  Buffer.from([0x3b]),
])
const webp = (size: number) => {
  const body = Buffer.concat([
    ascii("WEBPVP8X"),
    Buffer.from([10, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 19, 0, 0]),
    Buffer.alloc(20),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.length + size)
  return Buffer.concat([ascii("RIFF"), length, body])
}
const pdf = ascii(`%PDF-1.7\n${"x".repeat(3000)}\n%%EOF\n`)

const check = (bytes: Buffer, type?: string, filename = "f", step = bytes.length) => {
  const checked = new FileCheck({ filename, type })
  for (let at = 0; at < bytes.length; at += step) {
    const found = checked.push(bytes.subarray(at, at + step))
    if (found !== undefined) return found
  }
  const end = checked.end()
  return "found" in end ? end.found : `${end.kind} ${end.mediaType}`
}

const accepted: ReadonlyArray<
  readonly [name: string, bytes: Buffer, type: string | undefined, expected: string]
> = [
  ["PNG", png(64, 48), "image/png", "image image/png"],
  ["PNG of an unknown type", png(64, 48), undefined, "image image/png"],
  ["JPEG", jpeg(640, 480), "image/jpg", "image image/jpeg"],
  [
    "JPEG with the video of a phone behind it",
    Buffer.concat([jpeg(1, 1), Buffer.alloc(99, 255)]),
    "image/jpeg",
    "image image/jpeg",
  ],
  ["GIF", gif, "image/gif", "image image/gif"],
  ["WebP", webp(0), "IMAGE/WEBP; x=1", "image image/webp"],
  ["PDF", pdf, "application/pdf", "pdf application/pdf"],
  ["text", ascii("hello"), "text/plain; charset=utf-8", "text text/plain"],
  ["text of one byte", ascii("h"), "text/plain", "text text/plain"],
  ["JSON", ascii("{}"), "application/json", "text application/json"],
  ["SVG as text", ascii("<svg/>"), "image/svg+xml", "text image/svg+xml"],
  ["TypeScript that a browser takes for a video", ascii("const a = 1"), "video/mp2t", "text text/plain"],
  ["text that starts like a program", ascii("MZ is a code"), "text/plain", "text text/plain"],
  ["Unicode", Buffer.from("😀 ä \u202e"), "text/markdown", "text text/markdown"],
]

const refused: ReadonlyArray<
  readonly [name: string, bytes: Buffer, type: string | undefined, expected: RegExp]
> = [
  ["no bytes", Buffer.alloc(0), "text/plain", /^no bytes$/],
  ["a PNG that is cut off", png(64, 48).subarray(0, -5), "image/png", /PNG image that is cut off/],
  ["a PNG of its first bytes", png(64, 48).subarray(0, 12), "image/png", /PNG image that is cut off/],
  [
    "a PNG with an archive behind it",
    Buffer.concat([png(64, 48), ascii("PK\x03\x04 zip")]),
    "image/png",
    /other data after its end/,
  ],
  ["a PNG of too many pixels", png(60_000, 60_000), "image/png", /60000 x 60000 pixels/],
  ["a PNG of one long side", png(16_385, 1), "image/png", /16385 x 1 pixels/],
  ["a PNG without pixels", png(0, 5), "image/png", /without pixels/],
  [
    "a JPEG that is cut off behind its thumbnail",
    jpeg(640, 480).subarray(0, -2),
    "image/jpeg",
    /JPEG image that is cut off/,
  ],
  ["a JPEG of too many pixels", jpeg(60_000, 60_000), "image/jpeg", /60000 x 60000 pixels/],
  [
    "a JPEG with a broken segment",
    Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 1, 0, 0, 0]),
    "image/jpeg",
    /cut off or damaged/,
  ],
  ["a GIF that is cut off", gif.subarray(0, -1), "image/gif", /GIF image that is cut off/],
  ["a WebP that is cut off", webp(9), "image/webp", /WebP image that is cut off/],
  ["a WebP with other data", webp(-9), "image/webp", /other data after its end/],
  ["a PDF that is cut off", pdf.subarray(0, 2000), "application/pdf", /PDF that is cut off/],
  ["text announced as an image", ascii("hello"), "image/png", /^text, announced as image\/png$/],
  ["an image announced as text", png(1, 1), "text/plain", /^PNG image, announced as text\/plain$/],
  ["a GIF announced as a PNG", gif, "image/png", /^GIF image, announced as image\/png$/],
  ["a ZIP archive", ascii(`PK\x03\x04${"\0".repeat(40)}`), "application/zip", /^ZIP archive/],
  ["a HEIC image", ascii(`\0\0\0\x18ftypheic${"\0".repeat(40)}`), "image/heic", /^HEIC image$/],
  ["a program", ascii(`MZ\x90\0${"\0".repeat(40)}`), undefined, /^program$/],
  ["a text with NUL", ascii("a\0b"), "text/plain", /unknown format/],
  ["Latin-1", ascii("caf\xe9 au lait"), "text/plain", /not UTF-8/],
  ["UTF-8 that is cut off", Buffer.from("a😀").subarray(0, 3), "text/plain", /not UTF-8/],
]

describe("FileCheck", () => {
  for (const [name, bytes, type, expected] of accepted)
    it(`accepts ${name}, in chunks of any size`, () => {
      for (const step of [1, 7, bytes.length]) assert.strictEqual(check(bytes, type, "f", step), expected)
    })

  for (const [name, bytes, type, expected] of refused)
    it(`refuses ${name}, in chunks of any size`, () => {
      for (const step of [1, 7, bytes.length || 1]) assert.match(check(bytes, type, "f", step), expected)
    })

  it("refuses a wrong type before the rest arrives", () => {
    const checked = new FileCheck({ filename: "f", type: "image/png" })
    assert.match(checked.push(Buffer.concat([gif, Buffer.alloc(1000)])) ?? "", /GIF image/)
  })

  it("takes the type of a text from its name if the client announces none", () => {
    assert.strictEqual(check(ascii("# a"), undefined, "a.MD"), "text text/markdown")
    assert.strictEqual(check(ascii("a,b"), "application/vnd.ms-excel", "a.csv"), "text text/csv")
    assert.strictEqual(check(ascii("<p>"), "application/octet-stream", "a.html"), "text text/html")
  })
})
