/**
 * The size of an image from its header. An image can be a small file and still take much memory when decoded. The size
 * lets the service refuse it. Nothing is decompressed. Pure.
 */

export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** Bytes that `sizeOf` may need. */
export const headerBytes = 32

/** No camera of a phone and no model's input is larger: 16384 x 16384 is the limit of most decoders. */
const mostSide = 16_384
/** 100 megapixels are 400 MB when decoded. */
const mostPixels = 100_000_000

export const sizeProblem = ({ height, width }: ImageSize): string | undefined => {
  if (width === 0 || height === 0) return "image without pixels"
  return width > mostSide || height > mostSide || width * height > mostPixels
    ? `image of ${width} x ${height} pixels, above the limit of ${mostSide} on a side or ${mostPixels / 1e6} megapixels`
    : undefined
}

const ascii = (head: Uint8Array, from: number, to: number): string =>
  Buffer.from(head.subarray(from, to)).toString("latin1")

const webpSize = (head: Uint8Array, view: DataView): ImageSize | undefined => {
  switch (ascii(head, 12, 16)) {
    case "VP8X":
      return {
        width: (view.getUint32(24, true) & 0xffffff) + 1,
        height: (view.getUint32(26, true) >>> 8) + 1,
      }
    case "VP8L": {
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    default:
      return undefined
  }
}

/** Undefined: the header is broken. For a JPEG use `JpegScan`. */
export const sizeOf = (
  mediaType: "image/gif" | "image/png" | "image/webp",
  head: Uint8Array,
): ImageSize | undefined => {
  if (head.length < (mediaType === "image/gif" ? 10 : headerBytes - 2)) return undefined
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  switch (mediaType) {
    case "image/gif":
      return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
    case "image/png":
      return ascii(head, 12, 16) === "IHDR"
        ? { width: view.getUint32(16), height: view.getUint32(20) }
        : undefined
    case "image/webp":
      return webpSize(head, view)
  }
}
