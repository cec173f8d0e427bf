/** Names and values that others wrote, safe to read. Pure. */

/** Characters that reorder or hide text: a name with one could look like another name. */
const hidden =
  // oxlint-disable-next-line no-control-regex -- controls are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** The text with its invisible controls as `<U+202E>`. */
export const visible = (text: string): string =>
  text.replaceAll(
    hidden,
    (control) => `<U+${(control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`,
  )
