import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as EventPages from "../../src/store/EventPages.ts"
import { EventPageRow } from "../../src/store/SqlRows.ts"
import { runId } from "../support/fixtures.ts"
import { textEntries, textEntry } from "./Turns.ts"

const decode = Schema.decodeUnknownSync(EventPageRow)
const small = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))

describe("pages of a run's events", () => {
  it("are one row for the events of one write, under the number of the last event", () => {
    const [row, ...more] = EventPages.rowsOf(runId, textEntries(3, 52))
    assert.lengthOf(more, 0)
    assert.deepInclude(row, { run_id: runId, seq: 52 })
    assert.deepStrictEqual(EventPages.rowsOf(runId, []), [])
  })

  it("are several rows if one would be too long", () => {
    const entries = textEntries(1, 10, "x".repeat(100 * 1024))
    const rows = EventPages.rowsOf(runId, entries)
    assert.deepStrictEqual(
      rows.map(({ seq }) => seq),
      [3, 6, 9, 10],
    )
    assert.deepStrictEqual(
      EventPages.entriesOf(
        rows.map((row) => decode(row)),
        0,
      ),
      entries,
    )
  })

  it("may be rows from before there were pages, one event each, also beside pages", () => {
    const old = [1, 2, 3].map((seq) => ({ seq, event: JSON.stringify(textEntry(seq, "…").event) }))
    const rows = [...old, ...EventPages.rowsOf(runId, textEntries(2, 6))].map((row) => decode(row))
    assert.deepStrictEqual(EventPages.entriesOf(rows, 1), textEntries(2, 6))
  })

  const outcome = Schema.Literals(["known", "unknown", "lost"])

  it.prop(
    "return each event after a cursor once and in order, after any earlier failed writes",
    {
      writes: Schema.Array(Schema.Struct({ said: small, outcome })),
      after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
    },
    ({ after, writes }) => {
      const kept = new Map<number, EventPages.PageRow>()
      let known = 0
      let said = 0
      for (const write of [...writes, { said: 1, outcome: "known" as const }]) {
        said += write.said
        const rows = EventPages.rowsOf(runId, textEntries(known + 1, said))
        if (write.outcome !== "lost") for (const row of rows) if (!kept.has(row.seq)) kept.set(row.seq, row)
        if (write.outcome === "known") known = said
      }
      const pages = [...kept.values()].filter(({ seq }) => seq > after).toSorted((a, b) => a.seq - b.seq)
      assert.deepStrictEqual(
        EventPages.entriesOf(
          pages.map((row) => decode(row)),
          after,
        ),
        textEntries(1, said).slice(after),
      )
    },
  )
})
