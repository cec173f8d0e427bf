/**
 * Shared by both sandbox servers: quotes a message, and splits a text into a few words at a time. Pure.
 *
 * Invariant: the pieces of `spoken`, joined, are the text.
 */

/** A message may have 100 000 characters; an answer quotes only its beginning. */
const quoteLimit = 280

/** The message as a markdown quote, line by line, shortened. */
export const quoted = (message: string): string => {
  const characters = Array.from(message.trim())
  const short =
    characters.length > quoteLimit ? `${characters.slice(0, quoteLimit).join("")}…` : characters.join("")
  return short
    .split(/\r?\n/)
    .map((line) => `> ${line}`)
    .join("\n")
}

/** The text in pieces of at most `words` words; white space is preserved. */
export const spoken = (text: string, words: number): ReadonlyArray<string> => {
  const parts = text.match(/\s*\S+\s*/g) ?? []
  return Array.from({ length: Math.ceil(parts.length / words) }, (_, index) =>
    parts.slice(index * words, (index + 1) * words).join(""),
  )
}
