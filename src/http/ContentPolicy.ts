/**
 * The Content-Security-Policy of a page (https://www.w3.org/TR/CSP3/): only its own inline scripts run, by their
 * hashes, even if foreign content gets into the page. Pure.
 */
import { createHash } from "node:crypto"

const hashesOf = (html: string, tag: "script" | "style"): ReadonlyArray<string> =>
  [...html.matchAll(new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}>`, "g"))].map(
    ([, content = ""]) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`,
  )

export interface Allowed {
  /** Origins that the page may contact besides its own. */
  readonly connect?: ReadonlyArray<string>
  /** Further directives, such as for styles that a script adds. */
  readonly directives?: ReadonlyArray<string>
}

export const policyOf = (html: string, { connect = [], directives }: Allowed): string =>
  [
    "default-src 'none'",
    `script-src ${hashesOf(html, "script").join(" ")}`,
    ...(directives ?? [`style-src ${hashesOf(html, "style").join(" ")}`]),
    "img-src data:",
    `connect-src ${["'self'", ...connect].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ")
