/** Reads the header `Retry-After`. Pure. */

/** `Date.parse` accepts nearly any text with a number. Each of the three date forms of RFC 9110 begins with a day. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /

/**
 * Reads a `Retry-After` header as milliseconds from `now` (epoch milliseconds). It is an HTTP date or seconds (RFC
 * 9110), or fractions of seconds, which some servers send.
 */
export const parseRetryAfter = (header: string | undefined, now: number): number | undefined => {
  const text = header?.trim() ?? ""
  // Enough digits make infinity, which an error cannot store.
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), Number.MAX_SAFE_INTEGER)
  if (!httpDate.test(text)) return undefined
  // The form without a zone (asctime) means GMT, but `Date.parse` reads it as local time.
  const at = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
