/** Lays out text for a terminal. Pure. */

/** A terminal would run the escapes of a text that others wrote, and show its characters in another order. */
const commands =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Keeps tabs and ends of lines. */
export const printable = (text: string): string =>
  text.replaceAll("\r\n", "\n").replaceAll(commands, "\ufffd")

/** On one line, because a name with a line end could pretend to be the next row. */
export const printableLine = (text: string): string => printable(text.replaceAll(/[\t\n]+/g, " "))

/** Each column is as wide as its widest cell. */
export const aligned = (table: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const rows = table.map((row) => row.map(printableLine))
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}
