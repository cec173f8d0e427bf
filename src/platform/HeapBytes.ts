/** The size of a text in V8's heap. V8 stores a Latin-1 text with one byte per character, and other texts with two. */

/** An upper bound: a Latin-1 text with non-ASCII characters counts two bytes per character. `utf8`: its length in UTF-8. */
export const heapBytes = (text: string, utf8 = Buffer.byteLength(text)): number =>
  text.length === utf8 ? text.length : 2 * text.length
