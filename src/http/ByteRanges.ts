/** Byte ranges and conditions of a download (RFC 9110, sections 13 and 14). Pure. */
import type { ByteRange } from "../files/FileContents.ts"

/** The part of a file that a request asks for. Several ranges in one request get the whole file, which is allowed. */
export const rangeOf = ({
  etag,
  ifRange,
  range,
  size,
}: {
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly etag: string
  readonly size: number
}): ByteRange | "unsatisfiable" | undefined => {
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined
  if (from === "")
    return Number(to) === 0 ? "unsatisfiable" : { first: Math.max(0, size - Number(to)), last: size - 1 }
  if (to !== "" && Number(to) < Number(from)) return undefined
  if (Number(from) >= size) return "unsatisfiable"
  return { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) }
}

/** True if the client has the file already (`If-None-Match`). */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(",").some((tag) => {
    const bare = tag.trim().replace(/^W\//, "")
    return bare === "*" || bare === etag
  })
