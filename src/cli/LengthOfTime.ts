/** Lengths of time on the command line, such as `30m`, in milliseconds. Pure. */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A hundred years: a larger number is a mistake. */
const longestMs = 36_500 * 86_400_000

const millisOf = (text: string): number => Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? 0)

export const lengthIn = (letters: string, expected: string) =>
  Schema.String.check(
    Schema.makeFilter(
      (text) =>
        (new RegExp(`^[1-9]\\d{0,8}[${letters}]$`).test(text) && millisOf(text) <= longestMs) || expected,
    ),
  ).pipe(
    Schema.decodeTo(Schema.Finite, {
      decode: SchemaGetter.transform(millisOf),
      encode: SchemaGetter.transform((ms: number) => `${ms / 60_000}m`),
    }),
  )

export const Length = lengthIn("smhd", "Expected a length of time, such as 90s, 30m, 12h or 7d")
