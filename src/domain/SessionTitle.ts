/**
 * The title of a session: one line, in whole graphemes, so that no emoji, flag or accented letter is cut in half. Pure.
 */
import { isBlank } from "./History.ts"

export const mostGraphemes = 80
/** A longer grapheme is a stack of combining marks. The longest emoji has 35 bytes. */
const mostBytesOfGrapheme = 64
/** Bytes of UTF-8. */
export const mostBytes = mostGraphemes * mostBytesOfGrapheme

/** The title of a session whose first message has no visible text. */
export const untitled = "New chat"

/** Line ends, tabs, NUL and the like. */
const controls = /[\p{Cc}\p{Zl}\p{Zp}]/u
/** Embeddings, overrides and isolates. A cut may lose their end, and the rest of the page would change its direction. */
const directions = /[\u202a-\u202e\u2066-\u2069]/u

const spaces = /[\s\p{Cc}\p{Zl}\p{Zp}]+/gu
/** Lone surrogates, noncharacters, soft hyphens and byte order marks too. */
const unwanted = /[\u202a-\u202e\u2066-\u2069\p{Cs}\p{Noncharacter_Code_Point}\u00ad\ufeff]+/gu

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** The start of a grapheme, by whole characters. */
const shortened = (grapheme: string): string => {
  if (Buffer.byteLength(grapheme) <= mostBytesOfGrapheme) return grapheme
  let start = ""
  for (const character of grapheme) {
    if (Buffer.byteLength(start + character) > mostBytesOfGrapheme) break
    start += character
  }
  // Joiners and selectors need a character after them.
  return start.replace(/(?:\u200c|\u200d|[\u{fe00}-\u{fe0f}])+$/u, "")
}

/** UTF-16 units. Longer texts are read by their beginning; a cut there lies behind the end of any title. */
const readUnits = 20_000

/** The title that a text gives: its start, on one line. Blank texts give `untitled`. */
export const titleOf = (text: string): string => {
  const line = text.trimStart().slice(0, readUnits).replace(unwanted, "").replace(spaces, " ").trimStart()
  const title = startOf(line)
  return isBlank(title) ? untitled : title.trimEnd()
}

/** Each of these characters is a grapheme. The segmenter takes longer than the rest of a title. */
const plain = /^[\x20-\x7e]*$/

const startOf = (line: string): string => {
  if (plain.test(line)) return line.slice(0, mostGraphemes)
  let start = ""
  let count = 0
  for (const { segment } of graphemes.segment(line)) {
    if (count === mostGraphemes) break
    start += shortened(segment)
    count += 1
  }
  return start
}

/** A user's title as it is stored, or the reason why it is refused. */
export const userTitle = (
  given: string,
): { readonly title: string; readonly problem?: never } | { readonly problem: string } => {
  if (!given.isWellFormed()) return { problem: "Expected well-formed Unicode" }
  const title = given.trim()
  if (controls.test(title)) return { problem: "Expected no line breaks and no control characters" }
  if (directions.test(title)) return { problem: "Expected no characters that change the direction of text" }
  if (isBlank(title)) return { problem: "Expected at least 1 visible character" }
  if (Buffer.byteLength(title) > mostBytes) return { problem: `Expected at most ${mostBytes} bytes` }
  const length = Array.from(graphemes.segment(title)).length
  return length > mostGraphemes ? { problem: `Expected at most ${mostGraphemes} characters` } : { title }
}

/** A message of files alone gives the name of its first file. */
export const titleOfMessage = (
  text: string,
  attachments: ReadonlyArray<{ readonly filename: string }>,
): string => titleOf(text === "" ? (attachments[0]?.filename ?? "") : text)
