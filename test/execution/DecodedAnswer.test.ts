import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { AnswerDecoder } from "../../src/execution/direct/AnswerDecoder.ts"
import { DirectAnswer } from "../../src/execution/direct/DirectAnswer.ts"
import { reader } from "../../src/execution/direct/OpenAiChat.ts"
import * as DecodedAnswer from "../../src/execution/DecodedAnswer.ts"
import type { ExecutionError } from "../../src/execution/ExecutionError.ts"
import type { ExecutionEvent } from "../../src/execution/Executor.ts"
import { type Answer, TransportFailed } from "../../src/execution/UpstreamHttp.ts"
import { bytes, data } from "./direct/answers.ts"

const hi = data({ choices: [{ index: 0, delta: { content: "hi" } }] })
const stop = data({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
const usage = data({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })
const done = "data: [DONE]\n\n"

type Body = Queue.Queue<Uint8Array, TransportFailed | Cause.Done>

/** Reads an answer whose body the test writes. `seen` collects the events as they arrive. */
const readingFor = Effect.fnUntraced(function* (longestClosingMs?: number) {
  const body: Body = yield* Queue.unbounded<Uint8Array, TransportFailed | Cause.Done>()
  const seen: Array<string> = []
  const failures: Array<ExecutionError> = []
  let drain = 0
  const answer: Answer = {
    status: 200,
    header: () => undefined,
    pull: Queue.takeAll(body),
    drain: () => {
      drain += 1
    },
  }
  const decoder = new AnswerDecoder(new DirectAnswer("a", () => {}), reader)
  const onFailure = (error: ExecutionError) => Effect.sync(() => void failures.push(error))
  const events = DecodedAnswer.events("a", answer, decoder, onFailure, longestClosingMs)
  const tell = (event: ExecutionEvent) => Effect.sync(() => void seen.push(event._tag))
  const fiber = yield* Effect.forkChild(Effect.exit(Stream.runForEach(events, tell)))
  const write = (...parts: ReadonlyArray<string>) =>
    Effect.andThen(Queue.offer(body, bytes(parts.join(""))), TestClock.adjust(0))
  return { body, write, seen, failures, end: Fiber.join(fiber), fiber, drain: () => drain }
})

const reading = readingFor()

describe("the end of an answer", () => {
  it.effect("is the wire's end, although the body continues", () =>
    Effect.gen(function* () {
      const { end, drain, seen, write } = yield* reading
      yield* write(hi, stop, usage, done)
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Finished"])
      assert.strictEqual(drain(), 1)
    }),
  )

  it.effect("is 1.5 s after the finish reason, although pings go on", () =>
    Effect.gen(function* () {
      const { end, fiber, seen, write } = yield* reading
      yield* write(hi, stop)
      assert.deepStrictEqual(seen, ["Message"])
      for (const part of [": ping\n\n", usage, ": ping\n\n"]) {
        yield* TestClock.adjust("490 millis")
        yield* write(part)
      }
      assert.deepStrictEqual(seen, ["Message"])
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("30 millis")
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Finished"])
    }),
  )

  it.effect("is earlier after the finish reason if the attempt has less time", () =>
    Effect.gen(function* () {
      const { end, fiber, seen, write } = yield* readingFor(300)
      yield* write(hi, stop)
      yield* TestClock.adjust("299 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Finished"])
    }),
  )

  it.effect("is 1.5 s after one JSON body is complete, although the body goes on", () =>
    Effect.gen(function* () {
      const { end, fiber, seen, write } = yield* reading
      const json = JSON.stringify({ choices: [{ message: { content: "hi {}" }, finish_reason: "stop" }] })
      yield* write(json.slice(0, json.indexOf("}") + 1))
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(fiber.pollUnsafe())
      yield* write(json.slice(json.indexOf("}") + 1))
      yield* write(" \n")
      yield* TestClock.adjust("1500 millis")
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Finished"])
    }),
  )

  it.effect("is not caused by time alone before a finish reason", () =>
    Effect.gen(function* () {
      const { fiber, seen, write } = yield* reading
      yield* write(hi, usage)
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(fiber.pollUnsafe())
      assert.deepStrictEqual(seen, ["Message"])
      yield* Fiber.interrupt(fiber)
    }),
  )

  it.effect("is 6 s after a text that comes after the finish reason", () =>
    Effect.gen(function* () {
      const { end, seen, write } = yield* reading
      yield* write(stop)
      for (let texts = 0; texts < 3; texts++) {
        yield* TestClock.adjust("5900 millis")
        yield* write(hi)
      }
      yield* TestClock.adjust("5900 millis")
      assert.deepStrictEqual(seen, ["Message", "Message", "Message"])
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Message", "Message", "Finished"])
    }),
  )

  it.effect("is 6 s after a finish reason that comes with each text, or before any text", () =>
    Effect.gen(function* () {
      const { end, seen, write } = yield* reading
      const thinking = data({ choices: [{ delta: { reasoning: "hm" }, finish_reason: "stop" }] })
      const text = data({ choices: [{ delta: { content: "hi" }, finish_reason: "stop" }] })
      for (const part of [thinking, text, text]) {
        yield* write(part)
        yield* TestClock.adjust("5 seconds")
      }
      assert.deepStrictEqual(seen, ["Message", "Message", "Message"])
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Message", "Message", "Finished"])
    }),
  )

  it.effect("waits for text that comes after the finish reason", () =>
    Effect.gen(function* () {
      const { end, seen, write } = yield* reading
      yield* write(hi, stop)
      yield* TestClock.adjust("1 second")
      yield* write(hi)
      assert.deepStrictEqual(seen, ["Message", "Message"])
      yield* write(usage, done)
      assert.isTrue(Exit.isSuccess(yield* end))
      assert.deepStrictEqual(seen, ["Message", "Message", "Finished"])
    }),
  )

  it.effect("is the end of the connection after a finish reason, and a truncation before", () =>
    Effect.gen(function* () {
      for (const [parts, how, tag] of [
        [[hi, stop], "reset", "Finished"],
        [[hi, stop], "closed", "Finished"],
        [[hi, stop.trimEnd()], "closed", "Finished"],
        [[hi], "reset", "UpstreamTruncated"],
        [[hi], "closed", "UpstreamTruncated"],
      ] as const) {
        const { body, end, failures, seen, write } = yield* reading
        yield* write(...parts)
        yield* how === "reset"
          ? Queue.fail(body, new TransportFailed({ cause: new Error("reset") }))
          : Queue.end(body)
        const exit = yield* end
        const failed = Exit.isSuccess(exit) ? undefined : Pull.filterNoDone(exit.cause)
        assert.strictEqual(failed === undefined ? seen.at(-1) : "UpstreamTruncated", tag)
        if (how === "closed") assert.strictEqual(failures.length, tag === "Finished" ? 0 : 1)
      }
    }),
  )

  it.effect("reports the decoder's error once", () =>
    Effect.gen(function* () {
      const { end, failures, write } = yield* reading
      yield* write(hi, data({ error: { code: "content_filter" } }), hi, "data: {\n\n")
      assert.isTrue(Exit.isFailure(yield* end))
      assert.deepStrictEqual(
        failures.map(({ _tag }) => _tag),
        ["ContentFiltered"],
      )
    }),
  )
})
