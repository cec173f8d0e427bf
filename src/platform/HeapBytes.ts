/** The size of texts and JSON values in V8's heap. V8 stores a Latin-1 text with one byte per character, and other texts with two. */

/** An upper bound: a Latin-1 text with non-ASCII characters counts two bytes per character. `utf8`: its length in UTF-8. */
export const heapBytes = (text: string, utf8 = Buffer.byteLength(text)): number =>
  text.length === utf8 ? text.length : 2 * text.length

/** Approximate bytes of an object or array, and of each of its fields. */
const objectBytes = 32
const fieldBytes = 16

/** The approximate size of a JSON value. */
export const jsonHeapBytes = (value: unknown): number => {
  if (typeof value === "string") return fieldBytes + heapBytes(value)
  if (typeof value !== "object" || value === null) return fieldBytes
  let sum = objectBytes
  for (const item of Object.values(value)) sum += fieldBytes + jsonHeapBytes(item)
  return sum
}
