/** The values of inputs, and their problems. Pure. */
import type { problemText } from "../text/ProblemText.ts"
import type { Parameters } from "../text/Text.ts"

/** NaN for a text that is no number. A decimal comma counts as a point. */
export const numberOf = (text: string): number => {
  const plain = text.trim().replace(",", ".")
  return plain === "" ? Number.NaN : Number(plain)
}

/** `path` is that of the API, without `payload`. The gateway's own problems have a message. */
export type Problem = { readonly path: string } & (
  | { readonly key: keyof typeof problemText; readonly parameters?: Parameters }
  | { readonly message: string }
)

interface Range {
  readonly minimum: number
  readonly maximum: number
}

export const outOfRange = (
  path: string,
  value: number,
  range: Range,
  whole = false,
): ReadonlyArray<Problem> =>
  value >= range.minimum && value <= range.maximum && (!whole || Number.isInteger(value))
    ? []
    : [{ path, key: whole ? "wholeBetween" : "between", parameters: { ...range } }]
