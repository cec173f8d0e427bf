import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Draft } from "../../src/agent2ui/Message.ts"
import type { Source } from "../../src/chat/RunReader.ts"
import type { RunDone } from "../../src/domain/Run.ts"
import * as EventStream from "../../src/http/EventStream.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { settle } from "../execution/scripted.ts"
import {
  assistantMessageId,
  noon,
  planStep,
  run,
  runId,
  sessionId,
  text,
  toolCall,
} from "../support/fixtures.ts"
import { parseStrict, type SseFrame } from "../support/sse.ts"

const heartbeatMs = 1000
const done: { readonly event: "done"; readonly data: RunDone } = {
  event: "done",
  data: {
    sessionId,
    messageId: assistantMessageId,
    runId,
    usage: { tokens: 7, latencyMs: 1 },
    executionMode: "direct_llm",
  },
}
const retract: Draft = { type: "retract", data: { runId, fromSeq: 1, toSeq: 1, reason: "" } }
const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "", code: "" } }

const logOf = (...drafts: ReadonlyArray<Draft>): RunLog => {
  const log = new RunLog(runId)
  for (const draft of drafts) log.message(draft, noon)
  return log
}

const live = (log: RunLog): Source => ({ _tag: "Live", log })
const kept = (log: RunLog): Source => ({
  _tag: "Kept",
  entries: log.read(0).map(({ event, seq }) => ({ event, seq })),
})

interface Reader {
  readonly after?: number
  readonly protocol?: EventStream.Protocol
}

const respond = (source: Source, { after = 0, protocol = 2 }: Reader = {}) =>
  Effect.map(LiveRuns, (runs) =>
    EventStream.respond({ run: run(), source, after, protocol, heartbeatMs, runs }),
  )

/** The writes of a response, each as the events in it: an event that two writes shared would not parse. */
const writesOf = (
  source: Source,
  reader?: Reader,
): Stream.Stream<ReadonlyArray<SseFrame>, unknown, LiveRuns> =>
  Stream.unwrap(
    Effect.map(respond(source, reader), ({ body }) =>
      body._tag === "Stream" ? Stream.map(body.stream, parseStrict) : Stream.empty,
    ),
  )

/** All events of a response that ends. */
const read = (source: Source, reader?: Reader) =>
  Effect.map(Stream.runCollect(writesOf(source, reader)), (writes) => writes.flat())

/** Reads on in the background; what has come is in `events`. */
const reading = Effect.fnUntraced(function* (source: Source, reader?: Reader) {
  const events: Array<SseFrame> = []
  const program = Stream.runForEach(writesOf(source, reader), (write) =>
    Effect.sync(() => void events.push(...write)),
  )
  const fiber = yield* Effect.forkChild(program)
  yield* settle
  return { events, fiber }
})

const brief = (frames: ReadonlyArray<SseFrame>) =>
  frames.map(({ data, event, id }) => {
    const { type } = JSON.parse(data) ?? {}
    return `${id?.split(":")[1] ?? "-"} ${type ?? event}`
  })

const test = (name: string, body: Effect.Effect<void, unknown, LiveRuns>) =>
  it.effect(name, () => Effect.provide(body, LiveRuns.layer({ detachGrace: "1 minute" })))

describe("a run's events as a response", () => {
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
      assert.strictEqual(Buffer.from(first ?? []).toString(), ": open\n\n")
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
      for (const after of [21, 99]) assert.deepStrictEqual(yield* read(live(log), { after }), [])
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
    "fault 16: is the same for a slow reader, who holds a cursor and slows nobody down",
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

describe("heartbeats", () => {
  test(
    "come after the interval without another event, without an id, and end with the run",
    Effect.gen(function* () {
      const log = logOf()
      const { events, fiber } = yield* reading(live(log))
      const passing = Effect.fnUntraced(function* (ms: number) {
        for (let left = ms; left > 0; left -= 100) yield* TestClock.adjust(100)
        yield* settle
      })
      yield* passing(900)
      assert.deepStrictEqual(events, [])
      yield* passing(100)
      assert.deepStrictEqual(events, [{ id: undefined, event: "heartbeat", data: "null" }])
      yield* passing(1000)
      assert.lengthOf(events, 2)
      yield* passing(600)
      log.message(text("a"), noon)
      yield* passing(900)
      assert.deepStrictEqual(brief(events), ["- heartbeat", "- heartbeat", "1 text"])
      yield* passing(100)
      assert.deepStrictEqual(brief(events), ["- heartbeat", "- heartbeat", "1 text", "- heartbeat"])
      log.end(done)
      yield* Fiber.join(fiber)
      yield* passing(5000)
      assert.strictEqual(brief(events).at(-1), "2 done")
    }),
  )

  test(
    "do not come before events that are there: whoever was slow to ask gets those",
    Effect.gen(function* () {
      const log = logOf(text("a"))
      const got: Array<SseFrame> = []
      const slow = writesOf(live(log)).pipe(
        Stream.runForEach((write) =>
          Effect.andThen(
            Effect.sync(() => got.push(...write)),
            Effect.sleep(write.length * 3 * heartbeatMs),
          ),
        ),
      )
      const fiber = yield* Effect.forkChild(slow)
      yield* settle
      yield* TestClock.adjust(2 * heartbeatMs)
      log.message(text("b"), noon)
      yield* TestClock.adjust(heartbeatMs)
      yield* settle
      assert.deepStrictEqual(brief(got), ["1 text", "2 text"])
      yield* Fiber.interrupt(fiber)
    }),
  )
})

describe("a reader of protocol 1", () => {
  test(
    "keeps the run's sequence numbers, also where an event is left out",
    Effect.gen(function* () {
      const log = logOf(planStep("s1"), fallback, text("a"))
      log.end(done)
      const expected = ["1 plan", "3 text", "4 done"]
      assert.deepStrictEqual(brief(yield* read(kept(log), { protocol: 1 })), expected)
      assert.deepStrictEqual(brief(yield* read(live(log), { protocol: 1 })), expected)
      assert.deepStrictEqual(brief(yield* read(kept(log))), ["1 plan_step", "2 fallback", "3 text", "4 done"])
      const [plan] = yield* read(live(log), { protocol: 1 })
      assert.deepInclude(JSON.parse(plan?.data ?? ""), { id: `${runId}:1`, metadata: { stepId: "s1" } })
    }),
  )

  test(
    "is told in a recoverable error, and nothing after it, where text would have to be taken back",
    Effect.gen(function* () {
      const log = logOf(text("a"), retract, fallback, text("b"))
      log.end(done)
      for (const source of [live(log), kept(log)]) {
        const events = yield* read(source, { protocol: 1 })
        assert.deepStrictEqual(brief(events), ["1 text", "2 error"])
        assert.deepInclude(JSON.parse(events[1]?.data ?? ""), {
          code: "ANSWER_RETRACTED",
          recoverable: true,
          runId,
        })
      }
    }),
  )
})

it.effect.prop(
  "every response ends with exactly one terminal event, in either protocol",
  {
    drafts: Schema.Array(Schema.Literals(["text", "fallback", "retract", "step", "call"])),
    protocol: Schema.Literals([1, 2]),
    isLive: Schema.Boolean,
  },
  ({ drafts, isLive, protocol }) =>
    Effect.gen(function* () {
      const named = { text: text("a"), fallback, retract, step: planStep("s1"), call: toolCall("c1") }
      const log = logOf(...drafts.map((name) => named[name]))
      log.end(done)
      const events = yield* read(isLive ? live(log) : kept(log), { protocol })
      const terminal = events.filter(({ event }) => event === "done" || event === "error")
      assert.deepStrictEqual(terminal, events.slice(-1))
      const seqs = events.map(({ id }) => Number(id?.split(":")[1]))
      assert.deepStrictEqual(
        seqs,
        seqs.toSorted((a, b) => a - b),
      )
      assert.strictEqual(terminal[0]?.event, protocol === 1 && drafts.includes("retract") ? "error" : "done")
    }).pipe(Effect.provide(LiveRuns.layer({ detachGrace: "1 minute" }))),
)
