import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { frameOf } from "../../src/protocol/agent2ui/Frame.ts"
import type { RunError } from "../../src/domain/Run.ts"
import { maxBytes, maxEvents, RunLog } from "../../src/runs/RunLog.ts"
import { noon, runId, text, toolCall } from "../support/fixtures.ts"
import { parseStrict } from "../support/sse.ts"
import { done, filled } from "./runLogs.ts"

const failed: { readonly event: "error"; readonly data: RunError } = {
  event: "error",
  data: { code: "TIMEOUT_TOTAL", message: "The answer took too long.", runId, recoverable: true },
}

const seqs = (log: RunLog, after: number) => log.read(after).map(({ seq }) => seq)

describe("RunLog", () => {
  it("puts a message in its envelope: id of run and seq, time, and the metadata that came with it", () => {
    const log = filled(1)
    log.message(toolCall("c1"), noon + 1)
    const [first, second] = log.read(0).map(({ event }) => event.data)
    assert.deepStrictEqual<unknown>(first, {
      id: `${runId}:1`,
      type: "text",
      data: { content: "1" },
      timestamp: "2026-11-22T12:00:00.000Z",
    })
    assert.deepInclude(second, {
      id: `${runId}:2`,
      timestamp: "2026-11-22T12:00:00.001Z",
      metadata: { callId: "c1" },
    })
  })

  it("has each entry as the frame that every reader gets", () => {
    const log = filled(1)
    log.end(done)
    const frames = log.read(0).flatMap((entry) => parseStrict(Buffer.from(frameOf(runId, entry))))
    assert.deepStrictEqual(
      frames.map(({ event, id }) => [id, event]),
      [
        [`${runId}:1`, "message"],
        [`${runId}:2`, "done"],
      ],
    )
    assert.deepStrictEqual(JSON.parse(frames[1]?.data ?? ""), done.data)
  })

  it("ends with one terminal event, the first of two, and never with both", () => {
    for (const [first, second] of [
      [done, failed],
      [failed, done],
      [done, done],
    ] as const) {
      const log = filled(2)
      assert.isFalse(log.ended)
      log.end(first)
      log.end(second)
      assert.isTrue(log.ended)
      assert.deepStrictEqual(
        log.read(2).map(({ event, seq }) => [seq, event]),
        [[3, first]],
      )
    }
  })

  it("takes no message after its end", () => {
    const log = filled(1)
    log.end(done)
    assert.isFalse(log.message(text("late"), noon))
    assert.deepStrictEqual(seqs(log, 0), [1, 2])
    assert.isTrue(log.ended)
  })

  it("is full at its cap of events, and still has room for the end", () => {
    const log = filled(maxEvents)
    assert.strictEqual(log.lastSeq, maxEvents)
    assert.isFalse(log.message(text("one more"), noon))
    assert.strictEqual(log.lastSeq, maxEvents)
    log.end(failed)
    assert.deepStrictEqual(
      log.read(maxEvents).map(({ event, seq }) => [seq, event.event]),
      [[maxEvents + 1, "error"]],
    )
  })

  it("is full at its cap of bytes, overshoots it by one event at most, and still has room for the end", () => {
    const log = new RunLog(runId)
    const piece = "x".repeat(1024 * 1024)
    let taken = 0
    while (log.message(text(piece), noon)) taken += 1
    assert.strictEqual(taken, maxBytes / piece.length)
    const bytes = log.read(0).reduce((sum, entry) => sum + frameOf(runId, entry).length, 0)
    assert.isAtLeast(bytes, maxBytes)
    assert.isBelow(bytes, maxBytes + 2 * piece.length)
    log.end(failed)
    assert.isTrue(log.ended)
  })

  it.prop(
    "seq is 1, 2, 3 …, and a reader gets the exact rest after any cursor",
    {
      count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
      after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 })),
      ended: Schema.Boolean,
    },
    ({ after, count, ended }) => {
      const log = filled(count)
      if (ended) log.end(done)
      const all = Array.from({ length: count + (ended ? 1 : 0) }, (_, index) => index + 1)
      assert.strictEqual(log.lastSeq, all.length)
      assert.deepStrictEqual(seqs(log, after), all.slice(after))
    },
  )
})

describe("a page of a RunLog", () => {
  const sizes = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })))
  const limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))

  it.prop(
    "is never empty while there is more, about as large as was asked, and all pages are the log",
    [sizes, limit],
    ([lengths, bytes]) => {
      const log = new RunLog(runId)
      for (const length of lengths) log.message(text("x".repeat(length)), noon)
      const pages: Array<ReturnType<RunLog["read"]>> = []
      for (
        let after = 0;
        after < log.lastSeq;
        after = pages.at(-1)?.at(-1)?.seq ?? Number.POSITIVE_INFINITY
      ) {
        pages.push(log.read(after, bytes))
      }
      assert.deepStrictEqual(pages.flat(), [...log.read(0)])
      for (const page of pages) {
        const withoutLast = page.slice(0, -1).reduce((sum, entry) => sum + entry.bytes, 0)
        assert.isBelow(withoutLast, bytes)
      }
    },
  )
})

describe("a long log", () => {
  /** A log of events of 1 kB, and the heap that it counts. */
  const long = (count: number) => {
    const counted = { heap: 0 }
    const log = new RunLog(runId, { add: (bytes) => void (counted.heap += bytes) })
    for (let n = 1; n <= count; n++) log.message(text("x".repeat(1000)), noon)
    return { counted, log }
  }

  it("forgets its oldest entries once they are stored, and goes on with its numbers", () => {
    const { counted, log } = long(2000)
    const before = counted.heap
    log.stored(1500)
    assert.isFalse(log.holds(1499))
    assert.isTrue(log.holds(1500))
    assert.deepStrictEqual(seqs(log, 1998), [1999, 2000])
    assert.isBelow(counted.heap, before / 3)
    log.message(text("more"), noon)
    log.end(done)
    assert.deepStrictEqual(seqs(log, 1999), [2000, 2001, 2002])
    assert.strictEqual(log.lastSeq, 2002)
  })

  it("keeps what is not stored, whatever it takes, and its last entry in any case", () => {
    const { log } = long(2000)
    log.stored(0)
    assert.isTrue(log.holds(0))
    const large = new RunLog(runId)
    large.message(text("x".repeat(600_000)), noon)
    large.stored(1)
    assert.deepStrictEqual(seqs(large, 0), [1])
  })

  it("of an honest size forgets nothing", () => {
    const { counted, log } = long(80)
    const before = counted.heap
    log.stored(80)
    assert.isTrue(log.holds(0))
    assert.strictEqual(counted.heap, before)
  })

  it("is bounded also in what it had and has forgotten", () => {
    const { log } = long(0)
    let added = 0
    for (let n = 0; n < maxEvents + 10; n++) {
      if (log.message(text("x"), noon)) added += 1
      log.stored(log.lastSeq)
    }
    assert.strictEqual(added, maxEvents)
  })

  it("counts a text beyond Latin-1 as two bytes a character", () => {
    const heapOf = (content: string) => {
      let heap = 0
      new RunLog(runId, { add: (bytes) => void (heap += bytes) }).message(text(content), noon)
      return heap
    }
    assert.isAbove(heapOf(`${"x".repeat(100_000)}字`), 1.9 * heapOf("x".repeat(100_000)))
  })
})
