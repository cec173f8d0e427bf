/** Lengths of time on the command line, such as `30m`, in milliseconds. Pure. */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { parseDuration, typedDuration } from "../domain/Duration.ts"

/** A hundred years: a larger number is a mistake. */
const longestMs = 36_500 * 86_400_000

const millisOf = (text: string): number => parseDuration(text) ?? 0

export const lengthFrom = (leastMs: number, expected: string) =>
  Schema.String.check(
    Schema.makeFilter((text) => (millisOf(text) >= leastMs && millisOf(text) <= longestMs) || expected),
  ).pipe(
    Schema.decodeTo(Schema.Finite, {
      decode: SchemaGetter.transform(millisOf),
      encode: SchemaGetter.transform(typedDuration),
    }),
  )

export const Length = lengthFrom(1000, "Expected a length of time, such as 90s, 30m, 12h or 7d")
