/**
 * Finds a query in a text, and cuts the part of the text to show. The index only proposes a text; this file decides, so
 * both databases have the same results. Pure.
 */
import { isSame, type SearchQuery, type Term } from "./SearchQuery.ts"
import { readable, type Word, wordsOf } from "./SearchWords.ts"

/** A part of a text, in UTF-16 code units, `end` exclusive: as `String.slice` takes them. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface Snippet {
  readonly text: string
  readonly matches: ReadonlyArray<Range>
}

interface Match extends Range {
  readonly term: number
}

/** A line or two in a list of results. */
const width = 160
/** Text before the first match. */
const lead = 40
/** After this many matches a better place to show is unlikely. */
const mostMatches = 200

/** The place of the term if it ends with the last of `words`. */
const endsWith = (words: ReadonlyArray<Word>, term: Term): Range | undefined => {
  const from = words.length - term.length
  const [first, last] = [words[from], words.at(-1)]
  if (first === undefined || last === undefined) return undefined
  return term.every((one, index) => isSame(one, words[from + index]!))
    ? { start: first.start, end: last.end }
    : undefined
}

interface Found {
  readonly isComplete: boolean
  readonly matches: ReadonlyArray<Match>
}

/** Stops early once every term has a match and the rest is too far away to be shown. */
const search = (text: string, { terms }: SearchQuery): Found => {
  const longest = Math.max(...terms.map((term) => term.length))
  const missing = new Set(terms.keys())
  const matches: Array<Match> = []
  let recent: Array<Word> = []
  for (const word of wordsOf(text)) {
    recent.push(word)
    // Cuts in bulk: a shift for each word would be slow.
    if (recent.length >= 64 + 2 * longest) recent = recent.slice(-longest)
    for (const [term, words] of terms.entries()) {
      const range = endsWith(recent, words)
      if (range === undefined || (matches.length >= mostMatches && !missing.has(term))) continue
      matches.push({ ...range, term })
      missing.delete(term)
    }
    const first = matches[0]
    if (missing.size === 0 && first !== undefined && word.start > first.start + 4 * width) break
  }
  return { isComplete: missing.size === 0, matches: matches.toSorted((a, b) => a.start - b.start) }
}

/** The first match whose surroundings have the most terms. */
const bestPlace = (matches: ReadonlyArray<Match>): Match | undefined => {
  let best: Match | undefined
  let most = 0
  for (const [index, match] of matches.entries()) {
    const terms = new Set<number>()
    for (let next = index; next < matches.length; next++) {
      const other = matches[next]!
      if (other.end > match.start + width - lead) break
      terms.add(other.term)
    }
    if (best === undefined || terms.size > most) [best, most] = [match, terms.size]
  }
  return best
}

/** Joins ranges that overlap: a word may belong to several terms. */
const merged = (ranges: ReadonlyArray<Range>): ReadonlyArray<Range> => {
  const result: Array<Range> = []
  for (const { end, start } of ranges) {
    const last = result.at(-1)
    if (last !== undefined && start <= last.end)
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, end) }
    else result.push({ start, end })
  }
  return result
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })

/** The start of the grapheme at a position; the end of the text stays. */
const graphemeAt = (text: string, position: number): number => {
  if (position <= 0 || position >= text.length) return Math.max(0, Math.min(position, text.length))
  // A window bounds the work. A grapheme that is longer is cut.
  const from = Math.max(0, position - 64)
  return from + (graphemes.segment(text.slice(from, position + 64)).containing(position - from)?.index ?? 0)
}

/** Moves forward to the start of a word that is at most 20 characters away. */
const wordStart = (text: string, position: number): number => {
  if (position <= 0) return 0
  const space = text.slice(position, position + 20).search(/\s/)
  return space === -1 ? graphemeAt(text, position) : position + space + 1
}

/** Moves back to the end of a word that is at most 20 characters away. */
const wordEnd = (text: string, position: number): number => {
  if (position >= text.length) return text.length
  const near = text.slice(position - 20, position)
  const space = near.search(/\s\S*$/)
  return space === -1 ? graphemeAt(text, position) : position - 20 + space
}

const cutAround = (text: string, matches: ReadonlyArray<Range>, place: Range): Snippet => {
  const start = Math.min(place.start, wordStart(text, place.start - lead))
  const end = Math.max(Math.min(place.end, graphemeAt(text, start + 2 * width)), wordEnd(text, start + width))
  const shown = matches
    .filter(
      (match) =>
        match.start >= start && match.start < end && (match.end <= end || match.start === place.start),
    )
    .map((match) => ({ start: match.start - start, end: Math.min(match.end, end) - start }))
  const before = start > 0 ? "…" : ""
  const after = end < text.length ? "…" : ""
  return {
    // One character stands for one, so that the positions stay.
    text: before + text.slice(start, end).replaceAll(/\s/g, " ") + after,
    matches: shown.map((match) => ({
      start: match.start + before.length,
      end: match.end + before.length,
    })),
  }
}

/** Undefined if the text does not have every term. */
export const snippetOf = (text: string, query: SearchQuery): Snippet | undefined => {
  const read = readable(text)
  const { isComplete, matches } = search(read, query)
  const place = bestPlace(matches)
  return isComplete && place !== undefined ? cutAround(read, merged(matches), place) : undefined
}

/** The matches of any term in a short text, which is shown whole. Positions refer to `text` in NFC. */
export const matchesIn = (text: string, query: SearchQuery): ReadonlyArray<Range> =>
  merged(search(readable(text), query).matches)
