/** Names and values that others wrote, safe to read. Pure. */

/** Characters that reorder or hide text: a name with one could look like another name. */
const hidden =
  // oxlint-disable-next-line no-control-regex -- controls are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** The text with its invisible controls as `<U+202E>`. */
export const visible = (text: string): string =>
  text.replaceAll(
    hidden,
    (control) => `<U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`,
  )
