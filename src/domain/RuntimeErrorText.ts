/**
 * Recognises failures that the runtime reports as the text of an answer: its own model failed, and yet the wire shows
 * a text chunk and `execution_complete`. Pure.
 *
 * A pattern is literal text; `*` or `…` stands for any text, even none. It starts with literal text, so that an
 * answer is held back only while its start matches. Matching never backtracks.
 */

/** The literal parts between the wildcards, without surrounding spaces, because an exception may have no text. */
export interface ErrorPattern {
  readonly parts: readonly [beginning: string, ...rest: ReadonlyArray<string>]
}

/** The runtime's two sentences: planning failed, and the response failed (alone or after a part of it). */
export const defaultPatterns =
  "I encountered an error: * Please try again. || I completed the task but encountered an issue generating the response: *"

/** Many good answers share a shorter start. */
const shortestBeginning = 10
const mostPatterns = 20
const longestPattern = 500

/**
 * Characters of held text. The runtime's errors are one sentence, so longer text is an answer. Only a first chunk may be
 * longer, because an exception may contain a whole page.
 */
export const longestHeld = 2048

const parsePattern = (text: string): ErrorPattern | undefined => {
  const [beginning = "", ...rest] = text.split(/[*…]+/).map((part) => part.trim())
  return beginning.length >= shortestBeginning && text.length <= longestPattern
    ? { parts: [beginning, ...rest] }
    : undefined
}

/** Patterns separated by `||`. Undefined if one of them is invalid. */
export const parse = (text: string): ReadonlyArray<ErrorPattern> | undefined => {
  const patterns = text.split("||").map((pattern) => parsePattern(pattern.trim()))
  if (patterns.length > mostPatterns) return undefined
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined
}

/** The parsed `defaultPatterns`. */
export const defaults: ReadonlyArray<ErrorPattern> = parse(defaultPatterns) ?? []

export const allowed = `at most ${mostPatterns} patterns separated by ||, each of at most ${longestPattern} characters, starting with at least ${shortestBeginning} characters before any *`

/** `text` has no spaces at its ends. */
const matchesAll = ({ parts: [beginning, ...rest] }: ErrorPattern, text: string): boolean => {
  if (!text.startsWith(beginning)) return false
  const end = rest.at(-1)
  if (end === undefined) return text === beginning
  let at = beginning.length
  for (const part of rest.slice(0, -1)) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return text.length - end.length >= at && text.endsWith(end)
}

/** True if the whole text is an error. */
export const isError = (patterns: ReadonlyArray<ErrorPattern>, text: string): boolean => {
  const trimmed = text.trim()
  return patterns.some((pattern) => matchesAll(pattern, trimmed))
}

/** Opening quotation marks or emphasis; after a word or a full stop they close. */
const opening = /(?:^|[\s([{:>,:,、(\p{Script=Han}])["'`*_]+$|[“‘«„「『]$/u
const codeFence = /^[ \t]*(?:```|~~~)/gm

/** True if the text after `before` is quoted, emphasised or in a code block. */
const isQuoted = (before: string): boolean => {
  const line = before.slice(before.lastIndexOf("\n") + 1)
  return opening.test(before) || /^\s*>/.test(line) || (before.match(codeFence)?.length ?? 0) % 2 === 1
}

/** True if the text ends in an error that it does not quote. A wildcard takes any text, so the first start decides. */
export const endsInError = (patterns: ReadonlyArray<ErrorPattern>, text: string): boolean => {
  const trimmed = text.trim()
  return patterns.some((pattern) => {
    const [beginning, ...rest] = pattern.parts
    if (rest.length === 0) return trimmed.endsWith(beginning)
    const at = trimmed.indexOf(beginning)
    return at !== -1 && !isQuoted(trimmed.slice(0, at)) && matchesAll(pattern, trimmed.slice(at))
  })
}

/** True if the text may still become an error. */
export const mayBecomeError = (
  patterns: ReadonlyArray<ErrorPattern>,
  text: string,
  longest = longestHeld,
): boolean => {
  if (text.length > longest) return false
  const begun = text.trimStart()
  return patterns.some(({ parts: [beginning, ...rest] }) =>
    begun.length <= beginning.length
      ? beginning.startsWith(begun)
      : begun.startsWith(beginning) && (rest.length > 0 || begun.trimEnd() === beginning),
  )
}

/** True if the chunk contains the whole start of a pattern: the runtime's own errors do, a model's tokens do not. */
export const startsError = (patterns: ReadonlyArray<ErrorPattern>, chunk: string): boolean => {
  for (const { parts } of patterns)
    if (chunk.length >= parts[0].length && chunk.trimStart().startsWith(parts[0])) return true
  return false
}
