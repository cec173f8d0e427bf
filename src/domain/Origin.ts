/**
 * Web origins as browsers send them (RFC 6454), and their patterns: an exact origin, also of an app's own scheme such
 * as `tauri://localhost`, or `https://*.example.com` for each host below `example.com`. Pure.
 */

/** `URL.origin` is "null" for schemes outside the URL standard, so the parts are compared. */
const isOrigin = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (
    url !== undefined &&
    url.host !== "" &&
    url.protocol !== "file:" &&
    `${url.protocol}//${url.host}` === text
  )
}

/** At least two labels after the wildcard, because `https://*.com` would allow half of the web; or `localhost`. */
const wildcard = /^(https?:\/\/)\*\.((?:[a-z0-9-]+\.)+[a-z0-9-]+|localhost)(:\d+)?$/

export const originPatterns =
  "https://chat.example or tauri://localhost as the browser sends it, without a path or a final slash; https://*.chat.example for every host below; not `*` or `null`"

export const isOriginPattern = (text: string): boolean => {
  const [, scheme, host, port = ""] = wildcard.exec(text) ?? []
  return (
    isOrigin(scheme === undefined ? text : `${scheme}${host}${port}`) &&
    (scheme !== undefined || !text.includes("*"))
  )
}

/** One or more labels. */
const labels = /^(?:[a-z0-9_-]+\.)+$/

export const matchesOrigin = (pattern: string, origin: string): boolean => {
  const star = pattern.indexOf("*.")
  if (star < 0) return pattern === origin
  const [scheme, host] = [pattern.slice(0, star), pattern.slice(star + 2)]
  return (
    origin.startsWith(scheme) &&
    origin.endsWith(host) &&
    labels.test(origin.slice(scheme.length, origin.length - host.length))
  )
}
