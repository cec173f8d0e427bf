import { describe, expect, it } from "vitest"
import { secondAnswer } from "../wires/WireCase.ts"
import { allKinds, runtimeEvent, type WireKind, wires } from "../wires/Wires.ts"
import { type Ended, playTurn } from "../wires/WireTurn.ts"
import { type Connection, head, startRawUpstream } from "./RawUpstream.ts"
import { endOf, take } from "./Seen.ts"

/** Characters that cuts break: an accent, a combining accent, CJK, a flag, an escaped line end. */
const words = ["Crème ", "e\u0301 ", "日本 ", "🇫🇷\n"]
const text = words.join("")

/** The bytes of an answer: its text ends before `said`, its finish reason before `finished`. */
const transcriptOf = (kind: WireKind) => {
  const wire = wires[kind]
  const beforeEnd = wire.opening + words.map(wire.text).join("")
  const bytes = Buffer.from(beforeEnd + wire.finish("stop") + wire.end)
  return {
    bytes,
    said: Buffer.byteLength(beforeEnd),
    finished: Buffer.byteLength(beforeEnd + wire.finish("stop")),
  }
}

const cutAt =
  (bytes: Uint8Array, at: number, end: "fin" | "reset") =>
  async (connection: Connection): Promise<void> => {
    await connection.write(Buffer.concat([Buffer.from(head), bytes.subarray(0, at)]))
    // A reset throws away what the other side has not read yet.
    if (end === "reset") await connection.wait(5)
    connection[end]()
  }

/** Each cut is a turn over sockets of its own. */
const playAll = async (
  cuts: ReadonlyArray<number>,
  play: (at: number) => Promise<Ended>,
): Promise<ReadonlyArray<readonly [number, Ended]>> => {
  const ended: Array<readonly [number, Ended]> = []
  const left = [...cuts]
  const work = async (): Promise<void> => {
    for (let at = left.pop(); at !== undefined; at = left.pop()) ended.push([at, await play(at)])
  }
  await Promise.all(Array.from({ length: 24 }, work))
  return ended.toSorted(([a], [b]) => a - b)
}

/** For resets, which cost more: inside characters and at line ends, and each third of the other places. */
const isRisky = (bytes: Buffer, at: number): boolean =>
  at % 3 === 0 || (bytes[at] ?? 0) >= 0x80 || bytes[at] === 0x0a || at === bytes.length

const whole = { end: "done", text, secondAsked: false }
const replaced = { end: "done", text: secondAnswer, secondAsked: true }
const seenOf = ({ end, secondAsked, text: shown }: Ended) => ({ end, text: shown, secondAsked })

describe.each(["fin", "reset"] as const)("an answer that is cut by a %s", (end) => {
  it.for(allKinds)(
    "U1: at every place of %s ends once, whole or from the second upstream, and holds no broken character",
    { timeout: 60_000 },
    async (kind, { task }) => {
      const { bytes, finished, said } = transcriptOf(kind)
      const from = performance.now()
      const cuts = [...bytes.keys(), bytes.length].filter((at) => end === "fin" || isRisky(bytes, at))
      const played = await playAll(cuts, (at) =>
        playTurn({ kind, withSecond: true, first: () => startRawUpstream(cutAt(bytes, at, end)) }),
      )
      const wrong = played.flatMap(([at, ended]) => {
        const seen = seenOf(ended)
        // In between it depends on the wire from which byte on the finish reason can be read.
        const allowed = at >= finished ? [whole] : at <= said ? [replaced] : [whole, replaced]
        const isAllowed = allowed.some((one) => JSON.stringify(one) === JSON.stringify(seen))
        return isAllowed && !JSON.stringify(ended.drafts).includes("\ufffd") ? [] : [{ at, ...seen }]
      })
      const ms = (performance.now() - from) / cuts.length
      const fault = `a ${end} at each of ${cuts.length} places`
      const shown = `${played.length - wrong.length} of ${cuts.length} whole or from the second`
      const expected = `${cuts.length} of ${cuts.length} whole or from the second`
      take(task, { id: "U1", fault, at: kind, expected, seen: shown, attempts: cuts.length, ms })
      expect(wrong).toEqual([])
    },
  )

  it("U1: after a call of the runtime is the turn's error: nothing runs a second time", async ({ task }) => {
    const call = runtimeEvent("tool_call_start", { tool_name: "pay", arguments: { to: "é" } })
    const before = wires.runtime.opening
    const bytes = Buffer.from(before + call + wires.runtime.text("paid"))
    const called = Buffer.byteLength(before + call)
    const from = performance.now()
    const cuts = [...bytes.keys()].slice(called)
    const played = await playAll(cuts, (at) =>
      playTurn({ kind: "runtime", withSecond: true, first: () => startRawUpstream(cutAt(bytes, at, end)) }),
    )
    const ms = (performance.now() - from) / cuts.length
    const expected = endOf({ attempts: [["error", "UPSTREAM_TRUNCATED"]], end: "UPSTREAM_TRUNCATED" })
    const ends = [...new Set(played.map(([, ended]) => endOf(ended)))]
    const fault = `a ${end} at each of ${cuts.length} places after a call`
    take(task, { id: "U1", fault, at: "runtime", expected, seen: ends.join("; "), attempts: cuts.length, ms })
    expect(ends).toEqual([expected])
    expect(played.filter(([, { secondAsked }]) => secondAsked)).toEqual([])
  })
})
