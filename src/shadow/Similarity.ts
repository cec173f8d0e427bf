/**
 * How alike two texts are, 0 to 1. Pure. The cosine of the two sets of character trigrams (Ochiai's coefficient):
 * no tokenizer, so it works in every script; a set and not counts, so that what every text of a language has does not weigh
 * more than what they say; a geometric mean, so that an answer that holds a shorter one whole is punished by the
 * root of the ratio of their sizes, where Jaccard would take the ratio. Length itself is another dimension.
 */

/** Of longer texts the beginning is compared: some milliseconds are enough for a figure that nobody waits for. */
const comparedCharacters = 10_000

/** Case, punctuation, markup and spacing are not what an answer says; where nothing else is there, they are. */
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
