import { beforeAll, describe, expect, it } from "vitest"
import { wireCases } from "./cases.ts"
import type { Expected, WireCase } from "./WireCase.ts"
import type { WireKind } from "./Wires.ts"
import { type Ended, playCase } from "./WireTurn.ts"

interface Played {
  readonly given: WireCase
  readonly kind: WireKind
  readonly withSecond: boolean
  ended: Ended | undefined
}

const played: ReadonlyArray<Played> = wireCases.flatMap((given) =>
  given.kinds.flatMap((kind) =>
    [false, true].map((withSecond): Played => ({ given, kind, withSecond, ended: undefined })),
  ),
)

/** Ids of the checklist of faults, by the beginnings of the cases' own ids. */
const checklist = [
  [/^(end|odd)-/, "U5: "],
  [/^(cut|stall)/, "U6: "],
  [/^status-30/, "U8: "],
] as const
const checklistId = (id: string): string => checklist.find(([begin]) => begin.test(id))?.[1] ?? ""

/** Cases wait most of their time: they run side by side, each over upstreams of its own. */
const atOnce = 12

beforeAll(async () => {
  const left = [...played]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      next.ended = await playCase(next.given, next.kind, next.withSecond)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}, 240_000)

/** The fields of a turn's end that its row is about. */
const seen = (ended: Ended | undefined, expected: Expected) => ({
  end: ended?.end,
  attempts: ended?.attempts,
  secondAsked: ended?.secondAsked,
  ...(expected.text === undefined ? {} : { text: ended?.text }),
  ...(expected.finishReason === undefined ? {} : { finishReason: ended?.finishReason }),
})

describe("an upstream", () => {
  it("has an id of its own in the table", () => {
    const ids = wireCases.map(({ id }) => id)
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  })

  describe.each(["alone", "with a second one behind it"])("%s", (place) => {
    const withSecond = place !== "alone"
    const rows = played.filter((row) => row.withSecond === withSecond)
    it.each(
      rows.map((row) => {
        const { id, upstream } = row.given
        return [checklistId(id), row.kind, upstream, id, row] as const
      }),
    )("%s%s: that %s (%s)", (_, __, ___, ____, { ended, given }) => {
      const expected = withSecond ? given.withSecond : given.alone
      expect(seen(ended, expected)).toEqual(expected)
    })
  })
})
