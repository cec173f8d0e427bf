/** Texts that others wrote, safe to read in a terminal, a message or the console. Pure. */

/**
 * Characters that a terminal runs, and characters that hide or reorder text: a name with one could look like another
 * name. Tabs and ends of lines are none of them.
 */
const hidden =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|\r(?!\n)/gu

/** Each hidden character becomes the replacement character. */
export const printable = (text: string): string => text.replaceAll(hidden, "\ufffd").replaceAll("\r\n", "\n")

/** On one line, because a name with a line end could pretend to be the next row. */
export const printableLine = (text: string): string => printable(text.replaceAll(/[\t\r\n]+/g, " "))

/** Each hidden character becomes its code, such as `<U+202E>`. */
export const visible = (text: string): string =>
  text.replaceAll(
    hidden,
    (control) => `<U+${(control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`,
  )
