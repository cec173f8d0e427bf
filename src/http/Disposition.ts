/** The header `Content-Disposition` of downloads. Pure. */

/** Characters. File systems accept no longer names. */
const longestName = 200

/** RFC 6266 / 8187: the name in a form that preserves any text, and in ASCII for clients that know only that. */
export const disposition = (filename: string, type: "attachment" | "inline" = "attachment"): string => {
  const name = filename.slice(0, longestName).toWellFormed()
  const ascii = name.replace(/[^\w !#$&+.^~()-]/g, "_")
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `${type}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
