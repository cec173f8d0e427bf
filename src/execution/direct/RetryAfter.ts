/** Reads the time that a provider asks to wait, in all forms that providers use. Pure. Milliseconds. */
import { parseRetryAfter } from "../../domain/RetryAfterHeader.ts"

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `17s`, `0.5s`, `6m0s`, `120ms`: durations as Google's and Go's servers write them. */
export const parseDuration = (text: unknown): number | undefined => {
  if (typeof text !== "string" || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const all = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0)
  return Math.min(Math.ceil(all), Number.MAX_SAFE_INTEGER)
}

type Header = (name: string) => string | undefined

const milliseconds = (text: string | undefined): number | undefined => {
  const ms = Number(text?.trim() || Number.NaN)
  return ms >= 0 && ms <= Number.MAX_SAFE_INTEGER ? Math.ceil(ms) : undefined
}

/** The longest wait of the exhausted limits. */
const resetOf = (header: Header): number | undefined => {
  const waits = ["requests", "tokens"]
    .filter((limit) => header(`x-ratelimit-remaining-${limit}`)?.trim() === "0")
    .map((limit) => parseDuration(header(`x-ratelimit-reset-${limit}`)?.trim()))
    .filter((wait) => wait !== undefined)
  return waits.length === 0 ? undefined : Math.max(...waits)
}

/** `inBody` is the wait from the refusal's body. The most exact form counts. */
export const retryAfterOf = (header: Header, inBody: number | undefined, now: number): number | undefined =>
  milliseconds(header("retry-after-ms")) ??
  parseRetryAfter(header("retry-after"), now) ??
  inBody ??
  resetOf(header)
