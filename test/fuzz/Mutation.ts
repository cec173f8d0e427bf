/** Seeded byte mutations, for the fuzz targets and for malformed bodies. Pure: the same dice give the same bytes. */
import { seeded } from "../../src/sandbox/Bytes.ts"

export interface Dice {
  /** From 0 to below `limit`. */
  readonly below: (limit: number) => number
  readonly pick: <A>(items: ReadonlyArray<A>) => A
}

export const dice = (seed: number): Dice => {
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  return { below, pick: <A>(items: ReadonlyArray<A>): A => items[below(items.length)] as A }
}

/** Texts that parsers and their callers are known to handle wrongly. */
const nastyTexts = [
  "\0",
  "\r",
  "\n",
  "\r\n\r\n",
  "\ufeff",
  "\u2028",
  ":",
  "data: ",
  "data:\n\n",
  "data: [DONE]\n\n",
  "event: error\n",
  "retry: 1\n",
  "id: \0\n",
  '"',
  "\\",
  "\\ud800",
  "\\u0000",
  "{",
  "}",
  "[",
  "]",
  ",",
  "null",
  "true",
  "NaN",
  "1e999",
  "-0",
  "9007199254740993",
  "9".repeat(400),
  '{"__proto__":{"polluted":true}}',
  '"constructor":{"prototype":{"polluted":true}},',
  "[".repeat(3000),
  '{"a":'.repeat(3000),
  "<html>",
  "<think>",
  "</think>",
  "a".repeat(5000),
]

/** Overlong forms of "/", a surrogate in UTF-8, a code point too high, a lone continuation byte, a cut character. */
const nastyBytes = [
  [0xc0, 0xaf],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0x80],
  [0xf0, 0x9f],
]

const nasty: ReadonlyArray<Uint8Array> = [
  ...nastyTexts.map((text): Uint8Array => Buffer.from(text)),
  ...nastyBytes.map((bytes) => Uint8Array.from(bytes)),
]

const once = (bytes: Uint8Array, others: ReadonlyArray<Uint8Array>, { below, pick }: Dice): Uint8Array => {
  const from = below(bytes.length + 1)
  const to = Math.min(bytes.length, from + below(40))
  const [before, slice, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]
  switch (below(8)) {
    case 0:
      return Buffer.concat([before, after])
    case 1:
      return Buffer.concat([before, slice, slice, after])
    case 2:
      return Buffer.concat([before, slice.map((byte) => byte ^ (1 << below(8))), after])
    case 3:
      return Buffer.concat([before, slice.toReversed(), after])
    case 4:
      return Buffer.concat([before, Buffer.from(slice.map(() => below(256))), after])
    case 5: {
      const other = pick(others)
      return Buffer.concat([before, other.subarray(below(other.length + 1)), after])
    }
    default:
      return Buffer.concat([before, pick(nasty), bytes.subarray(from)])
  }
}

/** Longer inputs cost time and find no more than shorter ones. */
const longest = 64 * 1024

/** One to eight mutations of one of `corpus`; parts of other entries may be inserted. */
export const mutated = (corpus: ReadonlyArray<Uint8Array>, own: Dice): Uint8Array => {
  let bytes = own.pick(corpus)
  for (let left = 1 + own.below(8); left > 0; left--) bytes = once(bytes, corpus, own)
  return bytes.subarray(0, longest)
}
