/**
 * The language rules that a machine can check, for comments, test names, texts in the source, docs and commit subjects.
 * Pure: each function returns one line per violation, `line: reason`.
 */

const opener = /^(what|who|whose|whoever|whether|how|of|that)\b/i
const banned =
  /\b(nobody|somebody|whoever|his|him)\b|\bsome \d[\d., ]*(?: ?(?:%|ms|s|us|bytes|KiB|MiB|lines|turns|events|times|us|µs))?(?=\W|$)/i

export interface Violation {
  readonly line: number
  readonly reason: string
}

interface Text {
  readonly line: number
  readonly text: string
}

/** A comment's text without its markers, one space between words. */
const wordsOf = (comment: string): string =>
  comment
    .replaceAll(/^\/\*+|\*+\/$/g, "")
    .replaceAll(/^[ \t]*(?:\*|\/\/)[ \t]?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/** Directives for tools are not prose. */
const isDirective = (text: string): boolean => /^(oxlint|oxfmt|@ts-|@effect-|eslint|v8 ignore|#)/.test(text)

/** Strings and templates stand in the pattern so that "//" within them does not begin a comment. */
const tokens =
  /(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<block>\/\*[\s\S]*?\*\/)|(?<lines>\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*)/g

const lineAt = (source: string, index: number): number => source.slice(0, index).split("\n").length

const readTypeScript = (source: string): { comments: ReadonlyArray<Text>; strings: ReadonlyArray<Text> } => {
  const comments: Array<Text> = []
  const strings: Array<Text> = []
  for (const { groups = {}, index } of source.matchAll(tokens)) {
    const line = lineAt(source, index)
    if (groups.string !== undefined) strings.push({ line, text: groups.string.slice(1, -1) })
    const comment = wordsOf(groups.block ?? groups.lines ?? "")
    if (comment !== "" && !isDirective(comment)) comments.push({ line, text: comment })
  }
  return { comments, strings }
}

const testName =
  /\b(?:it|test|describe)(?:\.\w+)*(?:\([^()]*\)|\([^()]*\[[^\]]*\][^()]*\))?\(\s*(["'`])((?:[^\\]|\\.)*?)\1/g

const testNamesOf = (source: string): ReadonlyArray<Text> =>
  Array.from(source.matchAll(testName), ({ 2: text = "", index }) => ({ line: lineAt(source, index), text }))

const opens = ({ line, text }: Text): ReadonlyArray<Violation> => {
  const word = opener.exec(text)?.[0]
  return word === undefined ? [] : [{ line, reason: `opens with "${word}": start with the subject` }]
}

const bans = ({ line, text }: Text): ReadonlyArray<Violation> => {
  const word = banned.exec(text)?.[0].trim()
  if (word === undefined) return []
  const instead = word.toLowerCase().startsWith("some ") ? 'write "about"' : "name the person or the part"
  return [{ line, reason: `"${word}": ${instead}` }]
}

/** `src` also holds the texts that users read, so its strings are checked for banned words. */
export const ofSource = (source: string, kind: "src" | "test"): ReadonlyArray<Violation> => {
  const { comments, strings } = readTypeScript(source)
  const names = kind === "test" ? testNamesOf(source) : []
  return [
    ...comments.flatMap((comment) => [...opens(comment), ...bans(comment)]),
    ...names.flatMap((name) => [...opens(name), ...bans(name)]),
    ...(kind === "src" ? strings.flatMap(bans) : []),
  ].toSorted((a, b) => a.line - b.line)
}

/** Markdown without its fenced and inline code. */
export const ofPage = (page: string): ReadonlyArray<Violation> => {
  let isFenced = false
  return page.split("\n").flatMap((text, index) => {
    if (/^\s*(```|~~~)/.test(text)) isFenced = !isFenced
    return isFenced ? [] : bans({ line: index + 1, text: text.replaceAll(/`[^`]*`/g, "") })
  })
}

const mostInSubject = 72
const imperativeLookalikes = new Set([
  "Bring",
  "String",
  "Embed",
  "Feed",
  "Need",
  "Seed",
  "Shed",
  "Speed",
  "Process",
])

/** Merge commits carry the words of the tool that made them. */
export const ofCommitSubject = (subject: string): ReadonlyArray<string> => {
  if (/^(Merge|Revert)\b/.test(subject)) return []
  const first = subject.split(" ")[0] ?? ""
  const isImperative =
    /^[A-Z]/.test(first) && (imperativeLookalikes.has(first) || !/(ed|ing|[^s]s)$/.test(first))
  return [
    ...(subject.length > mostInSubject ? [`${subject.length} characters, at most ${mostInSubject}`] : []),
    ...(subject.endsWith(".") ? ["ends with a full stop"] : []),
    ...(isImperative ? [] : [`"${first}": begin with a capital and the imperative, such as "Add"`]),
  ]
}
