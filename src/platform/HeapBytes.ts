/** Bytes of V8's heap that a text takes: a character is one byte where all are Latin-1, and two otherwise. */

/** From above: a text with characters of Latin-1 beyond ASCII is taken for one of two bytes. `utf8`: its length in UTF-8. */
export const heapBytes = (text: string, utf8 = Buffer.byteLength(text)): number =>
  text.length === utf8 ? text.length : 2 * text.length
