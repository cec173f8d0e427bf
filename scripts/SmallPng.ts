/** A PNG of a screen with few colours: a quarter of the bytes of the screenshot. Pure. */
import { crc32, deflateSync, inflateSync } from "node:zlib"

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const most = 128

const chunksOf = (png: Buffer): ReadonlyArray<readonly [string, Buffer]> => {
  const chunks: Array<readonly [string, Buffer]> = []
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at)
    chunks.push([png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length)])
    at += length + 12
  }
  return chunks
}

const chunk = (name: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data])
  const frame = Buffer.alloc(body.length + 8)
  frame.writeUInt32BE(data.length, 0)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc32(body), body.length + 4)
  return frame
}

/** The predictor of the filter "Paeth" in the PNG specification, section 9.4. */
const paeth = (left: number, up: number, corner: number): number => {
  const [byLeft, byUp, byCorner] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs)
  if (byLeft! <= byUp! && byLeft! <= byCorner!) return left
  return byUp! <= byCorner! ? up : corner
}

/** Undoes the filters of the rows. `size` is the number of bytes of a pixel. */
const pixelsOf = (rows: Buffer, width: number, height: number, size: number): Buffer => {
  const stride = width * size
  const pixels = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x < size ? 0 : pixels[at - size]!
      const up = y === 0 ? 0 : pixels[at - stride]!
      const corner = x < size || y === 0 ? 0 : pixels[at - stride - size]!
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0
      pixels[at] = rows[y * (stride + 1) + x + 1]! + guess
    }
  }
  return pixels
}

const far = (one: number, other: number): number =>
  [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0)

/** Colours that look alike, as one number. Without it the shades of one letter's edge would displace rare colours. */
const kindOf = (colour: number): number => colour & 0xf0f0f0

/** The most frequent colours, one of each kind, and the place of the nearest one for each colour. */
const paletteOf = (colours: ReadonlyArray<number>) => {
  const counts = new Map<number, number>()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const byCount = [...counts].toSorted(([, one], [, other]) => other - one).map(([colour]) => colour)
  const kinds = new Map(byCount.toReversed().map((colour) => [kindOf(colour), colour]))
  const palette = byCount.filter((colour) => kinds.get(kindOf(colour)) === colour).slice(0, most)
  const nearest = (colour: number) =>
    palette.reduce((best, one, place) => (far(one, colour) < far(palette[best]!, colour) ? place : best), 0)
  return { palette, places: new Map(byCount.map((colour) => [colour, nearest(colour)])) }
}

/** `png` is a screenshot of Chromium: eight bits a channel, not interlaced. */
export const smallPng = (png: Buffer): Buffer => {
  const chunks = chunksOf(png)
  const header = Buffer.from(chunks[0]![1])
  const [width, height, size] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 6 ? 4 : 3]
  const data = Buffer.concat(chunks.filter(([name]) => name === "IDAT").map(([, part]) => part))
  const pixels = pixelsOf(inflateSync(data), width, height, size)
  const colours = Array.from({ length: width * height }, (_, at) => pixels.readUIntBE(at * size, 3))
  const { palette, places } = paletteOf(colours)
  const rows = Buffer.alloc((width + 1) * height)
  for (const [at, colour] of colours.entries())
    rows[at + Math.floor(at / width) + 1] = places.get(colour) ?? 0
  header[9] = 3
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk(
      "PLTE",
      Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])),
    ),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ])
}
