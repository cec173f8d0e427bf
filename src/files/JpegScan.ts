/**
 * Reads the segments of a JPEG (ISO/IEC 10918-1, annex B) as its bytes arrive: it finds the size of the image, and
 * checks that the image is complete. Phones append bytes after the end of the image, so those are accepted. Pure.
 */
import type { ImageSize } from "./ImageSize.ts"

const startOfScan = 0xda
const endOfImage = 0xd9

/** Start of frame: C0 to CF, except the tables DHT (C4), JPG (C8) and DAC (CC). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** Markers without a segment: TEM, RST0 to RST7 and SOI. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)

/** Bytes of a segment that are read: its length, and of a frame the size of the image. */
const segmentHead = 7

export class JpegScan {
  size: ImageSize | undefined
  complete = false
  broken = false
  #state: "data" | "marker" | "segment" | "skip" = "data"
  #isInScan = false
  #marker = 0
  #head: Array<number> = []
  #left = 0

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && !this.complete && !this.broken) {
      if (this.#state === "skip") {
        const skipped = Math.min(this.#left, chunk.length - at)
        this.#left -= skipped
        at += skipped
        if (this.#left === 0) this.#endSegment()
      } else if (this.#state === "data" && this.#isInScan) {
        const next = chunk.indexOf(0xff, at)
        if (next === -1) return
        at = next + 1
        this.#state = "marker"
      } else this.#byte(chunk[at++]!)
    }
  }

  #byte(byte: number): void {
    if (this.#state === "data") {
      if (byte === 0xff) this.#state = "marker"
      else this.broken = true
    } else if (this.#state === "marker") this.#onMarker(byte)
    else this.#onSegment(byte)
  }

  #onMarker(marker: number): void {
    // Fill bytes.
    if (marker === 0xff) return
    if (marker === 0) {
      // An escaped FF of the image's data.
      if (this.#isInScan) this.#state = "data"
      else this.broken = true
    } else if (marker === endOfImage) {
      this.complete = this.size !== undefined
      this.broken = this.size === undefined
    } else if (isBare(marker)) this.#state = "data"
    else {
      this.#isInScan = false
      this.#marker = marker
      this.#head = []
      this.#state = "segment"
    }
  }

  #onSegment(byte: number): void {
    this.#head.push(byte)
    const [high = 0, low = 0, , y1 = 0, y2 = 0, x1 = 0, x2 = 0] = this.#head
    const length = high * 256 + low
    if (this.#head.length === 2 && length < 2) this.broken = true
    const wanted = Math.min(isFrame(this.#marker) ? segmentHead : 2, Math.max(2, length))
    if (this.broken || this.#head.length < wanted) return
    if (isFrame(this.#marker)) this.size ??= { width: x1 * 256 + x2, height: y1 * 256 + y2 }
    this.#left = length - this.#head.length
    this.#state = "skip"
    if (this.#left === 0) this.#endSegment()
  }

  #endSegment(): void {
    this.#state = "data"
    this.#isInScan = this.#marker === startOfScan
  }
}
