/**
 * Similarity of two texts, 0 to 1. Pure. The cosine of the two sets of character trigrams (Ochiai's coefficient). No
 * tokenizer, so it works in every script. Sets rather than counts, so that the trigrams common to a language do not
 * outweigh the content. A geometric mean, so that an answer that contains a whole shorter one loses the root of the
 * ratio of their sizes, where Jaccard would lose the ratio. Length is a dimension of its own.
 */

/** Longer texts are compared by their beginning: a few milliseconds are enough for a background figure. */
const comparedCharacters = 10_000

/** Case, punctuation, markup and spacing do not count, unless the text has nothing else. */
const normalised = (text: string): string => {
  const head = text.slice(0, comparedCharacters).normalize("NFKC").toLowerCase()
  const words = head.replace(/[^\p{L}\p{N}]+/gu, " ").trim()
  return words === "" ? head.trim() : words
}

const trigrams = (text: string): ReadonlySet<string> => {
  const padded = ` ${text} `
  const found = new Set<string>()
  for (let at = 0; at + 3 <= padded.length; at++) found.add(padded.slice(at, at + 3))
  return found
}

/** Symmetric; 1 for the same text. */
export const similarity = (a: string, b: string): number => {
  const [one, other] = [normalised(a), normalised(b)]
  if (one === other) return 1
  const [left, right] = [trigrams(one), trigrams(other)]
  if (left.size === 0 || right.size === 0) return 0
  const [small, large] = left.size < right.size ? [left, right] : [right, left]
  let shared = 0
  for (const trigram of small) if (large.has(trigram)) shared += 1
  return shared / Math.sqrt(left.size * right.size)
}
