/** A table as text with aligned columns, or as Markdown. */

type Cells = ReadonlyArray<string>

/** The first column is aligned left, the numbers right. */
export const text = (head: Cells, rows: ReadonlyArray<Cells>): string => {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  )
  const line = (cells: Cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n")
}

export const markdown = (head: Cells, rows: ReadonlyArray<Cells>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
