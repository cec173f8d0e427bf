import { beforeAll, describe, expect, it } from "vitest"
import { type WireKind, wires } from "../wires/Wires.ts"
import { type Ended, playTurn } from "../wires/WireTurn.ts"
import { type FaultCase, limits } from "./FaultCase.ts"
import { headCases } from "./Heads.ts"
import { endOf, take } from "./Seen.ts"
import { toxicCases } from "./Toxics.ts"

interface Played {
  readonly given: FaultCase
  readonly kind: WireKind
  readonly withSecond: boolean
  ended: Ended | undefined
  ms: number
}

const played: ReadonlyArray<Played> = [...toxicCases, ...headCases].flatMap((given) =>
  given.kinds.flatMap((kind) =>
    [false, true].map((withSecond): Played => ({ given, kind, withSecond, ended: undefined, ms: 0 })),
  ),
)

/** Faults wait most of their time: they run side by side, each over upstreams of its own. */
const atOnce = 24

const play = async (one: Played): Promise<void> => {
  const { given, kind, withSecond } = one
  const from = performance.now()
  const first = given.upstream(wires[kind])
  one.ended = await playTurn({ kind, withSecond, limits: given.limits ?? limits, first })
  one.ms = performance.now() - from
}

beforeAll(async () => {
  const left = [...played]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await play(next)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}, 120_000)

describe.each(["alone", "with a second one behind it"])("an upstream %s", (place) => {
  const rows = played.filter(({ withSecond }) => withSecond === (place !== "alone"))
  it.for(rows.map((row) => [row.given.id, row.given.fault, row.kind, row] as const))(
    "%s: with %s (%s)",
    ([id, fault, kind, { ended, given, ms, withSecond }], { task }) => {
      const expected = given.expected(kind, withSecond)
      if (ended === undefined) throw new Error("was not played")
      const at = `${kind} ${withSecond ? "and a second" : "alone"}`
      const shown = { id, fault, at, expected: endOf(expected), seen: endOf(ended), ms }
      take(task, { ...shown, attempts: ended.attempts.length })
      const seen = {
        end: ended.end,
        attempts: ended.attempts,
        secondAsked: ended.secondAsked,
        ...(expected.text === undefined ? {} : { text: ended.text }),
      }
      expect(seen).toEqual(expected)
    },
  )
})
