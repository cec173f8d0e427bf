/** The Content-Security-Policy of each page (https://www.w3.org/TR/CSP3/). Pure. */
import { createHash } from "node:crypto"

const hashesOf = (html: string, tag: "script" | "style"): ReadonlyArray<string> =>
  [...html.matchAll(new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}>`, "g"))].map(
    ([, content = ""]) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`,
  )

const closed = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]

/**
 * The console: scripts and styles only from its own files, requests only to this host and the sandbox. No script makes
 * elements of text, and images show only bytes that the page has loaded.
 */
export const ofConsole = (connect: ReadonlyArray<string>): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src ${["'self'", ...connect].join(" ")}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    ...closed,
  ].join("; ")

/**
 * The API reference: only its own inline scripts run, by their hashes. Its script adds styles whose hashes are unknown
 * here, and uses `style` attributes.
 */
export const ofReference = (html: string): string =>
  [
    "default-src 'none'",
    `script-src ${hashesOf(html, "script").join(" ")}`,
    "style-src 'unsafe-inline'",
    "font-src data:",
    "img-src data:",
    "connect-src 'self'",
    ...closed,
  ].join("; ")
