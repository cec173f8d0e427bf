/** The header `Content-Disposition` (RFC 6266): reads its file name, and writes it for downloads. Pure. */

const token = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i
const extended = /filename\*\s*=\s*utf-8'[^']*'([^\s;]+)/i

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Node reads a header as Latin-1, and many clients send UTF-8. */
const asUtf8 = (text: string): string => {
  const bytes = Buffer.from(text, "latin1")
  const read = bytes.toString("utf8")
  return read.includes("\ufffd") ? text : read
}

/** The extended form wins, as the standard requires. */
export const filenameIn = (header: string): string | undefined => {
  const wide = extended.exec(header)?.[1]
  const found = wide === undefined ? undefined : decoded(wide)
  if (found !== undefined) return found
  const [, quoted, plain] = token.exec(header) ?? []
  const name = quoted?.replace(/\\(.)/g, "$1") ?? plain
  return name === undefined ? undefined : asUtf8(name)
}

/** Characters. File systems accept no longer names. */
const longestName = 200

/** The name is in UTF-8 (RFC 8187), and in ASCII for clients that know only that. */
export const contentDisposition = (
  filename: string,
  type: "attachment" | "inline" = "attachment",
): string => {
  const name = filename.slice(0, longestName).toWellFormed()
  const ascii = name.replace(/[^\w !#$&+.^~()-]/g, "_")
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `${type}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
