/** Data URLs (RFC 2397) with Base64. Pure. */

export interface DataUrl {
  readonly type: string
  readonly bytes: Uint8Array
}

const header = /^data:([^,;]*)(?:;[^,;]+)*;base64,/i
const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Undefined if it is not one, or its Base64 is broken. Node's decoder skips what it does not know. */
export const parse = (url: string): DataUrl | undefined => {
  const [start, type] = header.exec(url.slice(0, 1000)) ?? []
  if (start === undefined || type === undefined) return undefined
  const text = url.slice(start.length)
  if (!base64.test(text) || text.replace(/=+$/, "").length % 4 === 1) return undefined
  return { type, bytes: Buffer.from(text, "base64") }
}
