/** Coloured code in lines. Pure. */

export interface Piece {
  readonly text: string
  /** The kind of the highlighter, such as `keyword`; empty for plain code. */
  readonly kind: string
}

export const linesOf = (pieces: ReadonlyArray<Piece>): ReadonlyArray<ReadonlyArray<Piece>> => {
  const lines: Array<Array<Piece>> = [[]]
  for (const { kind, text } of pieces) {
    const [first = "", ...rest] = text.split("\n")
    if (first !== "") lines.at(-1)?.push({ text: first, kind })
    for (const line of rest) lines.push(line === "" ? [] : [{ text: line, kind }])
  }
  return lines
}

/** The pieces of code that has grown since it was coloured: its new end is plain. */
export const grown = (code: string, before: string, pieces: ReadonlyArray<Piece>): ReadonlyArray<Piece> => {
  if (code === before) return pieces
  if (before !== "" && code.startsWith(before))
    return [...pieces, { text: code.slice(before.length), kind: "" }]
  return [{ text: code, kind: "" }]
}
