/** Recognises a file by its first bytes. Pure. */
import type { ImageType } from "./MediaTypes.ts"

/** `name`: for people. `mediaType`: for types that the service accepts. */
export interface Format {
  readonly name: string
  readonly mediaType?: ImageType | "application/pdf"
}

/** Bytes that `formatOf` may need. */
export const magicBytes = 32

const ascii = (head: Uint8Array, from: number, to: number): string =>
  Buffer.from(head.subarray(from, to)).toString("latin1")

const formats: ReadonlyArray<readonly [start: string, format: Format]> = [
  ["\x89PNG\r\n\x1a\n", { name: "PNG image", mediaType: "image/png" }],
  ["\xff\xd8\xff", { name: "JPEG image", mediaType: "image/jpeg" }],
  ["GIF87a", { name: "GIF image", mediaType: "image/gif" }],
  ["GIF89a", { name: "GIF image", mediaType: "image/gif" }],
  ["%PDF-", { name: "PDF", mediaType: "application/pdf" }],
  ["PK\x03\x04", { name: "ZIP archive, such as a document of Word or Excel" }],
  ["PK\x05\x06", { name: "ZIP archive" }],
  ["\x1f\x8b", { name: "gzip archive" }],
  ["BZh", { name: "bzip2 archive" }],
  ["7z\xbc\xaf\x27\x1c", { name: "7-Zip archive" }],
  ["Rar!", { name: "RAR archive" }],
  ["\xfd7zXZ", { name: "XZ archive" }],
  ["\xd0\xcf\x11\xe0", { name: "document of an old Office version" }],
  ["\x7fELF", { name: "program" }],
  ["MZ", { name: "program" }],
  ["II*\0", { name: "TIFF image" }],
  ["MM\0*", { name: "TIFF image" }],
  ["OggS", { name: "Ogg audio or video" }],
  ["ID3", { name: "MP3 audio" }],
  ["\x1aE\xdf\xa3", { name: "Matroska or WebM video" }],
  ["SQLite format 3\0", { name: "SQLite database" }],
]

const heifBrands = ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]

/** ISO base media files have their brand after `ftyp`. */
const isoFormat = (head: Uint8Array): Format => {
  const brand = ascii(head, 8, 12)
  if (heifBrands.includes(brand)) return { name: "HEIC image" }
  return { name: brand === "avif" || brand === "avis" ? "AVIF image" : "MP4 or QuickTime media" }
}

/** Undefined: perhaps a text. */
export const formatOf = (head: Uint8Array): Format | undefined => {
  const start = ascii(head, 0, magicBytes)
  if (start.startsWith("RIFF")) {
    if (ascii(head, 8, 12) === "WEBP") return { name: "WebP image", mediaType: "image/webp" }
    return { name: "RIFF audio or video" }
  }
  if (ascii(head, 4, 8) === "ftyp") return isoFormat(head)
  // Two letters also start texts, so a program needs a NUL too.
  return formats.find(([magic]) => start.startsWith(magic) && (magic !== "MZ" || start.includes("\0")))?.[1]
}
