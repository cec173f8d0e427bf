/** Rows as CSV for a spreadsheet. Pure. */

/** A spreadsheet would run a cell that begins with one of these as a formula. Numbers stay numbers. */
const isFormula = (text: string): boolean =>
  /^(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/.test(text) && Number.isNaN(Number(text))

const cell = (text: string): string => {
  const safe = isFormula(text) ? `'${text}` : text
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** RFC 4180. */
export const csvText = (rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")
