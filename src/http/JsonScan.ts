/**
 * How deep a JSON text nests and how many entries it has, found in one pass before anything parses it: parsers, schemas and
 * `JSON.stringify` recurse, so a deep body must be refused as text. Pure. A text that is not JSON gets some numbers.
 */

export interface JsonShape {
  readonly depth: number
  /** Opening brackets and commas: no less than the number of array elements and members. */
  readonly entries: number
}

/** The index of the quote that ends the string which begins at `start`; the text's end when there is none. */
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
