import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Source } from "../../src/chat/RunReader.ts"
import type { Pages } from "../../src/store/RunPages.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { maxEvents } from "../../src/runs/RunLog.ts"
import { settle } from "../execution/scripted.ts"
import { noon, runId, sessionId, text, toolCall } from "../support/fixtures.ts"
import type { SseFrame } from "../support/sse.ts"
import {
  brief,
  done,
  endOnly,
  fallback,
  kept,
  live,
  logOf,
  pagesOf,
  read,
  reading,
  respond,
  test,
  writesOf,
} from "./streams.ts"

describe("a run's events as a response", () => {
  test(
    "are one write for all that is there: the opening, the fifty events, the end with them where it is live",
    Effect.gen(function* () {
      const log = logOf(...Array.from({ length: 50 }, (_, n) => text(`word ${n} `)))
      log.end(done)
      const writes = (source: Source) =>
        Effect.map(Stream.runCollect(writesOf(source)), (all) => all.map((events) => events.length))
      assert.deepStrictEqual(yield* writes(live(log)), [0, 51])
      assert.deepStrictEqual(yield* writes(kept(log)), [0, 50, 1])
    }),
  )

  test(
    "C7: has the headers of the contract, and a comment first, so that they are sent at once",
    Effect.gen(function* () {
      const { body, headers, status } = yield* respond(live(logOf()))
      assert.strictEqual(status, 200)
      assert.deepInclude(
        { ...headers },
        {
          "cache-control": "no-cache, no-transform",
          "x-accel-buffering": "no",
          "x-run-id": runId,
          "x-session-id": sessionId,
          "x-execution-mode": "runtime_orchestrator",
        },
      )
      assert.strictEqual(body._tag === "Stream" && body.contentType, "text/event-stream; charset=utf-8")
      const stream = body._tag === "Stream" ? body.stream : Stream.empty
      const [first] = yield* Stream.runCollect(Stream.take(stream, 1))
      assert.strictEqual(Buffer.from(first ?? []).toString(), `: open\nid: ${runId}:0\n`)
    }),
  )

  test(
    "is what the log holds and will hold, each event in one write, up to the terminal event",
    Effect.gen(function* () {
      const log = logOf(text("a"))
      const { events, fiber } = yield* reading(live(log))
      assert.deepStrictEqual(brief(events), ["1 text"])
      log.message(toolCall("c1"), noon)
      log.message(text("b"), noon)
      yield* settle
      assert.deepStrictEqual(brief(events), ["1 text", "2 tool_call", "3 text"])
      log.end(done)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(brief(events).at(-1), "4 done")
      assert.deepStrictEqual(yield* read(kept(log)), events)
      assert.deepStrictEqual(yield* read(live(log)), events)
    }),
  )

  test(
    "D3: after any cursor is the exact rest, live and kept alike",
    Effect.gen(function* () {
      const log = logOf(...Array.from({ length: 20 }, (_, n) => text(`${n}`)))
      log.end(done)
      const all = yield* read(live(log))
      assert.lengthOf(all, 21)
      for (let after = 0; after <= 20; after++) {
        assert.deepStrictEqual(yield* read(live(log), { after }), all.slice(after))
      }
    }),
  )

  test(
    "are 204 for a reader at or past the end of an ended run, so that EventSource stops",
    Effect.gen(function* () {
      const log = logOf(text("a"))
      const ofStatus = (source: Source, after: number, protocol: 1 | 2) =>
        Effect.map(respond(source, { after, protocol }), ({ status }) => status)
      assert.strictEqual(yield* ofStatus(live(log), 9, 2), 200)
      log.end(done)
      for (const protocol of [1, 2] as const) {
        assert.strictEqual(yield* ofStatus(live(log), 1, protocol), 200)
        for (const after of [2, 3, 99]) assert.strictEqual(yield* ofStatus(live(log), after, protocol), 204)
        assert.strictEqual(yield* ofStatus(endOnly(undefined), 2, protocol), 204)
      }
      const { headers } = yield* respond(live(log), { after: 2 })
      assert.deepInclude({ ...headers }, { "x-run-id": runId, "x-session-id": sessionId })
    }),
  )

  test(
    "end at a number that no reader can have seen where the number of the end is unknown, and then in 204",
    Effect.gen(function* () {
      const lost = endOnly(done, true)
      const [end, ...more] = yield* read(lost, { after: 57 })
      assert.deepStrictEqual(more, [])
      assert.strictEqual(end?.id, `${runId}:${maxEvents + 1}`)
      assert.strictEqual((yield* respond(lost, { after: maxEvents + 1 })).status, 204)
    }),
  )

  test(
    "open with the reader's cursor, so that one that is cut again resumes there",
    Effect.gen(function* () {
      const log = logOf(text("a"), text("b"))
      const openingOf = Effect.fnUntraced(function* (source: Source, after: number) {
        const { body } = yield* respond(source, { after })
        const stream = body._tag === "Stream" ? body.stream : Stream.empty
        return Buffer.concat(yield* Stream.runCollect(Stream.take(stream, 1))).toString()
      })
      assert.strictEqual(yield* openingOf(live(log), 1), `: open\nid: ${runId}:1\n`)
      assert.strictEqual(yield* openingOf(live(log), 99), `: open\nid: ${runId}:2\n`)
      assert.strictEqual(
        yield* openingOf({ ...endOnly(done), pages: pagesOf(log) }, 1),
        `: open\nid: ${runId}:1\n`,
      )
    }),
  )

  test(
    "has the same bytes live and stored for hundreds of events, for any page size",
    Effect.gen(function* () {
      const log = logOf(
        ...Array.from({ length: 300 }, (_, n) => text(n % 50 === 0 ? "x".repeat(70_000) : `${n}`)),
      )
      log.end(done)
      const replayed = yield* read(kept(log))
      assert.deepStrictEqual(brief(replayed), [
        ...Array.from({ length: 300 }, (_, n) => `${n + 1} text`),
        "301 done",
      ])
      assert.deepStrictEqual(yield* read(live(log)), replayed)
      for (const after of [63, 64, 65, 128, 299]) {
        assert.deepStrictEqual(yield* read(live(log), { after }), replayed.slice(after))
      }
    }),
  )

  test(
    "continue past a page without frames for the reader after the run's end",
    Effect.gen(function* () {
      const log = logOf(text("a"), text("b"), fallback)
      log.end(done)
      const source: Source = { ...kept(log), pages: pagesOf(log, 1) }
      assert.deepStrictEqual(yield* read(source), yield* read(live(log)))
      assert.deepStrictEqual(brief(yield* read(source, { protocol: 1 })), ["1 text", "2 text", "4 done"])
      assert.deepStrictEqual(brief(yield* read(source, { after: 3 })), ["4 done"])
    }),
  )

  test(
    "end in a recoverable error under the last event's id when the store fails between two pages",
    Effect.gen(function* () {
      const log = logOf(text("a"), text("b"))
      log.end(done)
      const first = pagesOf(log, 1)
      const away = new StoreError({ operation: "Runs.events", cause: "away" })
      const pages: Pages = (after) => (after === 0 ? first(after) : Effect.fail(away))
      const events = yield* read({ ...kept(log), pages })
      assert.deepStrictEqual(brief(events), ["1 text", "1 error"])
      assert.deepInclude(JSON.parse(events.at(-1)?.data ?? ""), {
        code: "EVENTS_UNAVAILABLE",
        recoverable: true,
      })
    }),
  )

  test(
    "with a cursor beyond the end of a run that goes on begins where the log is",
    Effect.gen(function* () {
      const log = logOf(text("a"))
      const { events, fiber } = yield* reading(live(log), { after: 99 })
      log.message(text("b"), noon)
      log.end(done)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(brief(events), ["2 text", "3 done"])
    }),
  )

  test(
    "fault 16: has the same bytes for a slow reader, which holds a cursor and delays no other reader",
    Effect.gen(function* () {
      const log = logOf()
      const got: Array<SseFrame> = []
      const slow = writesOf(live(log)).pipe(
        Stream.runForEach((write) =>
          Effect.andThen(
            Effect.sleep(100),
            Effect.sync(() => void got.push(...write)),
          ),
        ),
      )
      const fiber = yield* Effect.forkChild(slow)
      yield* settle
      for (let n = 0; n < 50; n++) log.message(text(`${n}`), noon)
      log.end(done)
      for (let steps = 0; steps < 100; steps++) yield* TestClock.adjust(100)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(got, yield* read(kept(log)))
    }),
  )
})

describe("events that come together", () => {
  test(
    "wake their reader once, and are one write",
    Effect.gen(function* () {
      const log = logOf()
      const writes: Array<number> = []
      const reader = Stream.runForEach(writesOf(live(log)), (write) =>
        Effect.sync(() => void writes.push(write.length)),
      )
      const fiber = yield* Effect.forkChild(reader)
      yield* settle
      log.messages(
        Array.from({ length: 50 }, (_, n) => text(`${n}`)),
        noon,
      )
      yield* settle
      log.end(done)
      yield* Fiber.join(fiber)
      // The opening has no event.
      assert.deepStrictEqual(writes, [0, 50, 1])
    }),
  )
})

describe("a server that closes", () => {
  test(
    "says so to who waits, and to who was busy once he has what is there, with where to read on",
    Effect.gen(function* () {
      const closing = yield* Latch.make(false)
      const log = logOf(text("a"))
      const waiting = yield* reading(live(log), { closing: closing.await })
      const { fiber } = waiting
      yield* closing.open
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(brief(waiting.events), ["1 text", "1 error"])
      assert.deepInclude(JSON.parse(waiting.events[1]?.data ?? ""), { code: "SHUTTING_DOWN" })
      const late = yield* reading(live(log), { closing: Effect.void })
      yield* Fiber.join(late.fiber)
      assert.deepStrictEqual(brief(late.events), ["1 text", "1 error"])
    }),
  )
})
