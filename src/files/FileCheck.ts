/**
 * Decides from the bytes of a file, as they arrive, if the service accepts it. The announced type must fit the bytes. A
 * file that is cut off, or that continues after the end of its image, is refused: other programs may read it as
 * something else. Nothing is unpacked. Pure.
 */
import type { AttachmentKind } from "../domain/Attachment.ts"
import { headerBytes, type ImageSize, sizeOf, sizeProblem } from "./ImageSize.ts"
import { JpegScan } from "./JpegScan.ts"
import { type Format, formatOf } from "./Magic.ts"
import * as MediaTypes from "./MediaTypes.ts"
import { TextScan } from "./TextScan.ts"

export interface FileType {
  readonly mediaType: string
  readonly kind: AttachmentKind
}

/** `found`: what the service found instead of a file that it accepts, for the user. */
export type Verdict = FileType | { readonly found: string }

export interface Announced {
  readonly filename: string
  /** The header `Content-Type`. */
  readonly type: string | undefined
}

/** Readers of PDF look for `%%EOF` in the last 1024 bytes. */
const tailBytes = 1024
const unknownFormat = "binary data of an unknown format, or text that is not UTF-8"
const endOfPng = Buffer.from("0000000049454e44ae426082", "hex")

export class FileCheck {
  readonly #announced: string
  readonly #filename: string
  readonly #text = new TextScan()
  readonly #jpeg = new JpegScan()
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)
  #bytes = 0
  #format: Format | undefined

  constructor({ filename, type }: Announced) {
    this.#filename = filename
    this.#announced = MediaTypes.announcedType(type)
  }

  /** A problem that no later byte can remove. */
  push(chunk: Uint8Array): string | undefined {
    const isHeadKnown = this.#head.length >= headerBytes
    if (!isHeadKnown)
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, headerBytes - this.#head.length)])
    this.#bytes += chunk.length
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes)
    this.#text.push(chunk)
    if (this.#head.length >= headerBytes && !isHeadKnown) this.#format = formatOf(this.#head)
    if (this.#head[0] === 0xff) this.#jpeg.push(chunk)
    return this.#head.length < headerBytes ? undefined : this.#early()
  }

  #early(): string | undefined {
    const format = this.#format
    if (format === undefined) return this.#text.isText ? undefined : unknownFormat
    const misfit = this.#misfit(format)
    if (misfit !== undefined) return misfit
    const size = this.#size(format)
    return size === undefined ? undefined : sizeProblem(size)
  }

  end(): Verdict {
    this.#text.end()
    if (this.#bytes === 0) return { found: "no bytes" }
    this.#format ??= formatOf(this.#head)
    const format = this.#format
    if (format === undefined) return this.#textVerdict()
    const { mediaType } = format
    const problem = this.#misfit(format) ?? this.#broken(format)
    if (problem !== undefined || mediaType === undefined) return { found: problem ?? unknownFormat }
    return { mediaType, kind: mediaType === "application/pdf" ? "pdf" : "image" }
  }

  #textVerdict(): Verdict {
    if (!this.#text.isText) return { found: unknownFormat }
    const mediaType = MediaTypes.textType(this.#announced, this.#filename)
    if (mediaType !== undefined) return { mediaType, kind: "text" }
    return { found: `text, announced as ${this.#named()}` }
  }

  #misfit({ mediaType, name }: Format): string | undefined {
    if (mediaType === undefined) return name
    return MediaTypes.isUnknown(this.#announced) || this.#announced === mediaType
      ? undefined
      : `${name}, announced as ${this.#named()}`
  }

  /** The announced type is the caller's text. */
  #named(): string {
    return this.#announced.slice(0, 100)
  }

  #size({ mediaType }: Format): ImageSize | undefined {
    if (mediaType === undefined || mediaType === "application/pdf") return undefined
    return mediaType === "image/jpeg" ? this.#jpeg.size : sizeOf(mediaType, this.#head)
  }

  #broken(format: Format): string | undefined {
    const cut = `${format.name} that is cut off or damaged`
    if (format.mediaType === "application/pdf") return this.#tail.includes("%%EOF") ? undefined : cut
    const size = this.#size(format)
    return size === undefined ? cut : (sizeProblem(size) ?? this.#ends(format, cut))
  }

  #ends({ mediaType, name }: Format, cut: string): string | undefined {
    const more = `${name} with other data after its end`
    switch (mediaType) {
      case "image/png":
        if (this.#tail.subarray(-endOfPng.length).equals(endOfPng)) return undefined
        return this.#tail.includes(endOfPng) ? more : cut
      case "image/gif":
        return this.#tail.at(-1) === 0x3b ? undefined : cut
      case "image/jpeg":
        return this.#jpeg.complete ? undefined : cut
      case "image/webp": {
        const size = this.#head.readUInt32LE(4) + 8
        if (this.#bytes === size || this.#bytes === size + (size % 2)) return undefined
        return this.#bytes < size ? cut : more
      }
      default:
        return undefined
    }
  }
}
