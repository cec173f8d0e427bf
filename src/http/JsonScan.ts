/**
 * The depth and the number of entries of a JSON text, found in one pass before any parser runs: parsers, schemas and
 * `JSON.stringify` recurse, so a deep body must be refused as text. Pure. For a text that is not JSON, the numbers
 * mean nothing.
 */

interface JsonShape {
  readonly depth: number
  /** Opening brackets and commas: at least the number of array elements and members. */
  readonly entries: number
}

/** The index of the quote that ends the string starting at `start`; the text's end without one. */
const stringEnd = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at
}

export const shapeOf = (text: string): JsonShape => {
  let depth = 0
  let level = 0
  let entries = 0
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = stringEnd(text, at)
        break
      case "[":
      case "{":
        entries++
        depth = Math.max(depth, ++level)
        break
      case "]":
      case "}":
        level--
        break
      case ",":
        entries++
    }
  }
  return { depth, entries }
}
