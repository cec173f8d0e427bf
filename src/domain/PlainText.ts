/** Texts that others wrote, for a terminal or a message. Pure. */

/** A terminal would run the escapes, and a reader would see the characters in another order. */
const commands =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Keeps tabs and ends of lines. */
export const printable = (text: string): string =>
  text.replaceAll("\r\n", "\n").replaceAll(commands, "\ufffd")

/** On one line, because a name with a line end could pretend to be the next row. */
export const printableLine = (text: string): string => printable(text.replaceAll(/[\t\n]+/g, " "))
