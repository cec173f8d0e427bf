import { describe, expect, it } from "vitest"
import { seeded } from "../../src/sandbox/Bytes.ts"
import { allKinds, type WireKind, wires } from "../wires/Wires.ts"
import { hear, joined } from "./Decoding.ts"
import { take } from "./Seen.ts"

const answerOf = (kind: WireKind, lineEnd: string): Buffer => {
  const wire = wires[kind]
  const texts = ["Crème ", "e\u0301 日本 🇫🇷\n", "\u2028 end"].map(wire.text).join("")
  const whole =
    wire.opening + wire.thinking("hm, é") + wire.ping + texts + wire.ping + wire.finish("stop") + wire.end
  return Buffer.from(whole.replaceAll(/\r?\n/g, lineEnd))
}

const byteOrderMark = Buffer.from("\ufeff")
const variants = [
  ["LF", (kind: WireKind) => answerOf(kind, "\n")],
  ["CR", (kind: WireKind) => answerOf(kind, "\r")],
  ["CRLF", (kind: WireKind) => answerOf(kind, "\r\n")],
  ["a byte order mark", (kind: WireKind) => Buffer.concat([byteOrderMark, answerOf(kind, "\n")])],
] as const

const pieces = (bytes: Buffer, size: () => number): ReadonlyArray<Uint8Array> => {
  const all: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const next = size()
    all.push(bytes.subarray(at, at + next))
    at += next
  }
  return all
}

/** Two parts at each place, single bytes, and pieces of 1 to 5 bytes with 50 seeds. */
const splits = function* (bytes: Buffer): Iterable<ReadonlyArray<Uint8Array>> {
  for (const at of bytes.keys()) yield [bytes.subarray(0, at), bytes.subarray(at)]
  yield pieces(bytes, () => 1)
  for (let seed = 0; seed < 50; seed++) {
    const random = seeded(seed)
    yield pieces(bytes, () => 1 + Math.floor(random() * 5))
  }
}

describe.each(variants)("an answer whose lines end with %s", (name, bytesOf) => {
  it.for(allKinds)("U2: of %s is the same however it is cut", (kind, { task }) => {
    const bytes = bytesOf(kind)
    const whole = joined(hear(kind, [bytes]))
    expect(whole).toContain('["Finished",')
    const from = performance.now()
    let cuts = 0
    let same = 0
    for (const chunks of splits(bytes)) {
      cuts++
      if (joined(hear(kind, chunks)) === whole) same++
    }
    const ms = (performance.now() - from) / cuts
    const fault = `lines that end with ${name}, cut in ${cuts} ways`
    const shown = { expected: `${cuts} the same`, seen: `${same} the same`, attempts: cuts, ms }
    take(task, { id: "U2", fault, at: kind, ...shown })
    expect(same).toBe(cuts)
  })

  it("U2: is the same as with any other line end", () => {
    for (const kind of allKinds)
      expect(joined(hear(kind, [bytesOf(kind)]))).toBe(joined(hear(kind, [answerOf(kind, "\n")])))
  })
})
