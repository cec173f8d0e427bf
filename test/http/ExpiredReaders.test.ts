import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Source } from "../../src/chat/RunReader.ts"
import type { Pages } from "../../src/store/RunPages.ts"
import type { RunLog } from "../../src/runs/RunLog.ts"
import { settle } from "../execution/scripted.ts"
import { noon, runId, text } from "../support/fixtures.ts"
import type { SseFrame } from "../support/sse.ts"
import { brief, done, kept, live, logOf, read, reading, test, writesOf } from "./streams.ts"

const soon = noon + 1500
const passing = Effect.fnUntraced(function* (ms: number) {
  yield* TestClock.adjust(ms)
  yield* settle
})
const withoutHeartbeats = (events: ReadonlyArray<SseFrame>) =>
  brief(events.filter(({ event }) => event !== "heartbeat"))

/** A live log that has left its events to the store. */
const forgotten = (log: RunLog): Source => {
  const entries = log.read(0)
  log.stored(log.lastSeq)
  const pages: Pages = (after) => Effect.succeed(entries.slice(after, after + 64))
  return { _tag: "Live", log, attach: Effect.void, pages }
}

describe("X1: a stream whose token ends", () => {
  test(
    "ends within a second of it, with where to read on; the run and its other readers go on",
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const log = logOf(text("a"))
      const endless = yield* reading(live(log))
      const ending = yield* reading(live(log), { until: soon })
      yield* passing(1000)
      assert.deepStrictEqual(withoutHeartbeats(ending.events), ["1 text"])
      yield* passing(1000)
      yield* Fiber.join(ending.fiber)
      assert.deepStrictEqual(withoutHeartbeats(ending.events), ["1 text", "1 error"])
      const last = ending.events.at(-1)
      const { message: _, ...data } = JSON.parse(last?.data ?? "")
      assert.deepStrictEqual(data, { code: "AUTH_TOKEN_EXPIRED", runId, recoverable: true })
      log.message(text("b"), noon)
      log.end(done)
      yield* Fiber.join(endless.fiber)
      assert.deepStrictEqual(withoutHeartbeats(endless.events), ["1 text", "2 text", "3 done"])
      // With a new token, from the id of the last event on.
      const rest = yield* read(live(log), { after: Number(last?.id?.split(":")[1]) })
      assert.deepStrictEqual(brief(rest), ["2 text", "3 done"])
    }),
  )

  test(
    "ends for a reader of protocol 1 as well",
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const { events, fiber } = yield* reading(live(logOf(text("a"))), { protocol: 1, until: soon })
      yield* passing(3000)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(withoutHeartbeats(events), ["1 text", "1 error"])
    }),
  )

  for (const [kind, sourceOf] of [
    ["live", live],
    ["stored", kept],
    ["forgotten", forgotten],
  ] as const)
    test(
      `ends before a backlog of ${kind} events that a slow reader has not taken`,
      Effect.gen(function* () {
        yield* TestClock.setTime(noon)
        const log = logOf(...Array.from({ length: 200 }, (_, n) => text(`${n} `.repeat(1000))))
        log.end(done)
        const got: Array<SseFrame> = []
        const slow = Stream.runForEach(writesOf(sourceOf(log), { until: soon }), (write) =>
          Effect.andThen(
            Effect.sync(() => got.push(...write)),
            write.length > 1 ? Effect.sleep(3000) : Effect.void,
          ),
        )
        const fiber = yield* Effect.forkChild(slow)
        yield* settle
        yield* passing(3000)
        yield* Fiber.join(fiber)
        assert.include(got.at(-1)?.data, "AUTH_TOKEN_EXPIRED")
        assert.isBelow(got.length, 200)
        assert.strictEqual(got.at(-1)?.id, got.at(-2)?.id)
      }),
    )

  test(
    "never comes for a token without an end",
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const { events, fiber } = yield* reading(live(logOf(text("a"))))
      yield* passing(600_000)
      assert.deepStrictEqual(withoutHeartbeats(events), ["1 text"])
      yield* Fiber.interrupt(fiber)
    }),
  )
})
