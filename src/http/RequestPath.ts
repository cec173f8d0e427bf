/**
 * The path of a request target, of which each has one spelling: a proxy that hides a path compares it as it came, while a router
 * would find `/metrics` under `/%6detrics`, `/metrics;x` and `/metrics#x` too. Pure.
 */

export const pathOf = (target: string): string => target.split("?", 1)[0] ?? ""

/** A parameter, a fragment, or an encoded letter, digit, `-`, `.` or `_`, which no client encodes (RFC 3986 section 2.3). */
const otherSpelling = /[;#]|%(?:3\d|[46][1-9a-f]|[57][\da]|2[de]|5f)/i

/** `*` is a target too (RFC 9112 section 3.2.4), and no path. */
export const hasOneSpelling = (path: string): boolean => path.startsWith("/") && !otherSpelling.test(path)
