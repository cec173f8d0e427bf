/** The name of an uploaded file as it is shown. Names are labels: no path in the service contains one. Pure. */

/** Characters. File systems accept no longer names. */
const longest = 200
/** A longer ending is no extension. */
const longestExtension = 20

/**
 * Control characters, line separators, and the marks that turn the direction of text: with one of those
 * `gpj.exe` is shown as `exe.jpg` (Unicode TR 36, section 2.2).
 */
const hidden = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

const cut = (name: string): string => {
  const characters = Array.from(name)
  if (characters.length <= longest) return name
  const dot = name.lastIndexOf(".")
  const extension = dot > 0 && name.length - dot <= longestExtension ? name.slice(dot) : ""
  return characters.slice(0, longest - Array.from(extension).length).join("") + extension
}

/** Drops folders and what a reader cannot see, and shortens the rest. Browsers and tools send any text. */
export const shownName = (given: string | undefined): string => {
  // A slice of UTF-16 before the work on code points, because a name may be a megabyte.
  const last = (given ?? "").slice(-20_000).split(/[\\/]/).at(-1) ?? ""
  const name = cut(last.toWellFormed().normalize("NFC").replace(hidden, "").trim())
  return name === "" || name === "." || name === ".." ? "file" : name
}

/** The extension in lower case, without its dot. */
export const extensionOf = (name: string): string =>
  /\.([a-z0-9]{1,20})$/i.exec(name)?.[1]?.toLowerCase() ?? ""
