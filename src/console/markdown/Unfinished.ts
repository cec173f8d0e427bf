/**
 * The last block of a text that still grows, completed so that it does not jump when its rest arrives: open emphasis and code
 * are closed, an open link is its label, and the head of a table is a table. Pure.
 */

const fence = /^ {0,3}(?:`{3,}|~{3,})/

/** A line that may still become a mark, such as the `-` of a list item or of a line under a heading. */
const isPartOfMark = (line: string): boolean => /^\s*(?:[-=*_+#>|~`]+|\d+\.?)\s*$/.test(line)

/** The parser takes an unclosed fence as code up to the end. The start of the closing fence is no code. */
const ofFence = (block: string): string => block.replace(/\n\s*(?:`{1,2}|~{1,2})$/, "")

const cellsOf = (line: string): number =>
  line
    .trim()
    .replaceAll(/^\||\|$/g, "")
    .split("|").length

const ofTable = (head: string): string => {
  const row = head.trim().endsWith("|") ? head.trim() : `${head.trim()} |`
  return `${row}\n|${" --- |".repeat(cellsOf(row))}`
}

const isHeadOfTable = (lines: ReadonlyArray<string>): boolean =>
  /^\s*\|.*\S/.test(lines[0] ?? "") &&
  (lines.length === 1 || (lines.length === 2 && /^[\s|:-]*$/.test(lines[1] ?? "")))

const withoutOpenLink = (text: string): string =>
  text.replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, "$1").replace(/!?\[([^\]\n]*)$/, "$1")

const count = (text: string, mark: RegExp): number => text.match(mark)?.length ?? 0

/** Code has no emphasis in it, so it is left out before the marks are counted. */
const withClosedMarks = (text: string): string => {
  const isCodeOpen = count(text, /`+/g) % 2 === 1
  if (isCodeOpen) return text.endsWith("`") ? text.replace(/`+$/, "") : `${text}\``
  const rest = text.replaceAll(/`[^`]*`/g, "").replaceAll(/^\s*[*+-] /gm, "")
  const isStrongOpen = count(rest, /\*\*/g) % 2 === 1
  // The first half of the mark that closes it.
  if (isStrongOpen && /[^*\s]\*$/.test(text)) return `${text}*`
  let closed = text
  const close = (mark: string, isOpen: boolean) => {
    if (!isOpen) return
    closed = closed.endsWith(mark) ? closed.slice(0, -mark.length) : `${closed.trimEnd()}${mark}`
  }
  const single = rest.replaceAll("**", "")
  close("*", count(single, /(?<!\w)\*(?=\S)/g) > count(single, /(?<=\S)\*/g))
  close("**", isStrongOpen)
  close("~~", count(rest, /~~/g) % 2 === 1)
  return closed
}

export const completed = (block: string): string => {
  if (fence.test(block)) return ofFence(block)
  const lines = block.trimEnd().split("\n")
  if (isHeadOfTable(lines)) return ofTable(lines[0] ?? "")
  const last = lines.at(-1) ?? ""
  const kept = isPartOfMark(last) ? lines.slice(0, -1) : lines
  return withClosedMarks(withoutOpenLink(kept.join("\n")))
}
