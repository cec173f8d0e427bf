/**
 * The bytes of a server-sent event stream on a bad network: frames, comments, undecodable lines, and cuts at any
 * byte, also inside a UTF-8 character. Pure: randomness is passed in, so that a seed gives the same cuts.
 *
 * Invariant: the pieces of `cut`, joined, are the input bytes.
 */

/** sse-starlette writes CRLF, model providers write LF. */
export type LineEnd = "\r\n" | "\n"

export type Random = () => number

const encoder = new TextEncoder()

/** One event: a single `data:` line and the empty line that ends it. */
export const frame = (lineEnd: LineEnd, data: string): Uint8Array =>
  encoder.encode(`data: ${data}${lineEnd}${lineEnd}`)

/** A comment, as sse-starlette writes its keep-alive. */
export const ping = (lineEnd: LineEnd, at: string): Uint8Array =>
  encoder.encode(`: ping - ${at}${lineEnd}${lineEnd}`)

/**
 * At most this many cuts anywhere in a frame: enough to hit every part of it within a run, few enough to stay cheap.
 */
const maxCuts = 3

/** A byte that continues a UTF-8 character begins with the bits 10. */
const insideCharacter = (bytes: Uint8Array, at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80

/** The bytes in one to five non-empty pieces; if there is a multi-byte character, one is always cut. */
export const cut = (bytes: Uint8Array, random: Random): ReadonlyArray<Uint8Array> => {
  const below = (limit: number) => Math.floor(random() * limit)
  const inside = Array.from(bytes.keys()).filter((at) => insideCharacter(bytes, at))
  const places = [
    ...Array.from({ length: below(maxCuts + 1) }, () => below(bytes.length)),
    ...inside.slice(below(inside.length)).slice(0, 1),
  ]
  const edges = [0, ...places.toSorted((a, b) => a - b), bytes.length]
  return edges.slice(1).flatMap((end, index) => {
    const start = edges[index] ?? 0
    return end > start ? [bytes.subarray(start, end)] : []
  })
}

/**
 * Payloads that no decoder accepts: truncated JSON, bytes that are not UTF-8, no JSON at all, a truncated character.
 */
const undecodable: ReadonlyArray<Uint8Array> = [
  encoder.encode('{"event":"text_chunk","data":{"content":'),
  Uint8Array.of(0x7b, 0xc3, 0x28, 0xff, 0xfe, 0x80),
  encoder.encode("<html>502 Bad Gateway</html>"),
  Uint8Array.of(0x22, 0xe2, 0x82),
]

/** The `index`-th undecodable frame; the payloads alternate. */
export const garbage = (lineEnd: LineEnd, index: number): Uint8Array => {
  const payload = undecodable[index % undecodable.length]!
  return Buffer.concat([encoder.encode("data: "), payload, encoder.encode(lineEnd + lineEnd)])
}

/** mulberry32: small, and good enough to choose where bytes are cut and which request fails. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A generated name; unique enough for one process. */
export const randomHex = (random: Random): string =>
  Array.from({ length: 4 }, () =>
    Math.floor(random() * 65_536)
      .toString(16)
      .padStart(4, "0"),
  ).join("")
