/** The contract of an `Encoder`. Each output protocol runs it with a reader of its own bytes. */
import { assert, describe, it } from "@effect/vitest"
import type { RunDone } from "../../src/domain/Run.ts"
import type { Encoder, OutputProtocol } from "../../src/protocol/Encoder.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
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

/** One event as a client reads it. `seq` is undefined where it has no id. */
export interface ReadEvent {
  readonly seq: number | undefined
  readonly kind: "message" | "end" | "error" | "heartbeat"
  readonly text: string
}

const done: RunDone = {
  sessionId,
  messageId: assistantMessageId,
  runId,
  usage: { tokens: 7, latencyMs: 1 },
  executionMode: "direct_llm",
}

const entries = (): ReadonlyArray<LogEntry> => {
  const log = new RunLog(runId)
  for (const draft of [text("a\u2028b"), planStep("s1"), toolCall("c1"), text("é😀\n"), planStep("s2")])
    log.message(draft, noon)
  log.end({ event: "done", data: done })
  return log.read(0)
}

/** The bytes of a stream that starts after `after`, one write for each of `sizes` events. */
const streamed = (encoder: Encoder, after: number, size: number): string => {
  const all = entries()
  for (const entry of all.slice(0, after)) encoder.skip?.(entry)
  let out = encoder.opening(after)
  for (let at = after; at < all.length; at += size) out += encoder.frames(all.slice(at, at + size))
  return out
}

export const encoderSuite = (
  name: string,
  protocol: OutputProtocol,
  read: (bytes: Uint8Array) => ReadonlyArray<ReadEvent>,
): void => {
  const make = () => protocol.encoder(run())
  const readText = (bytes: string) => read(Buffer.from(bytes))

  describe(`an encoder of ${name}`, () => {
    it("opens with bytes that are no event", () => {
      const opening = make().opening(3)
      assert.notStrictEqual(opening, "")
      assert.deepStrictEqual(readText(opening + make().heartbeat(3)), readText(make().heartbeat(3)))
    })

    it("writes the same bytes in one write and in one write per event", () => {
      const whole = streamed(make(), 0, 10)
      for (const size of [1, 2, 3]) assert.strictEqual(streamed(make(), 0, size), whole)
    })

    it("writes ids that never fall, and the end once, last", () => {
      const events = readText(streamed(make(), 0, 10))
      const seqs = events.flatMap(({ seq }) => seq ?? [])
      assert.deepStrictEqual(
        seqs,
        seqs.toSorted((a, b) => a - b),
      )
      assert.deepStrictEqual(
        events.filter(({ kind }) => kind === "end"),
        events.slice(-1),
      )
      assert.strictEqual(events.at(-1)?.seq, 6)
      assert.include(events[0]?.text, "a\u2028b")
    })

    it("resumes after any event with the exact rest", () => {
      const whole = readText(streamed(make(), 0, 10))
      for (let after = 0; after < 6; after++)
        assert.deepStrictEqual(
          readText(streamed(make(), after, 10)),
          whole.filter(({ seq = 0 }) => seq > after),
        )
    })

    it("has ended after the terminal event, and not before", () => {
      const encoder = make()
      const all = entries()
      assert.isFalse(encoder.ended)
      encoder.opening(0)
      encoder.frames(all.slice(0, -1))
      encoder.heartbeat(5)
      assert.isFalse(encoder.ended)
      encoder.frames(all.slice(-1))
      assert.isTrue(encoder.ended)
    })

    it("writes nothing for no events", () => {
      assert.strictEqual(make().frames([]), "")
    })

    it("repeats the reader's cursor in the error that closes a stream", () => {
      const message = "The events cannot be read now."
      const [error, ...more] = readText(make().closing({ code: "EVENTS_UNAVAILABLE", message }, 2))
      assert.deepStrictEqual(more, [])
      assert.deepInclude(error, { seq: 2, kind: "error" })
      assert.include(error?.text, "EVENTS_UNAVAILABLE")
      assert.include(error?.text, message)
    })

    it("keeps a heartbeat out of the cursor", () => {
      for (const { kind, seq } of readText(make().heartbeat(2)))
        assert.deepStrictEqual([seq, kind], [undefined, "heartbeat"])
    })

    it("shares no state with the encoder of another stream", () => {
      const first = make()
      first.frames(entries())
      assert.isFalse(make().ended)
      assert.strictEqual(streamed(make(), 0, 10), streamed(make(), 0, 10))
    })

    it("writes the code and the message of an error response", () => {
      const { body, contentType } = protocol.error({ code: "OVERLOADED", message: "Busy.", retryAfter: 1 })
      assert.include(body, "OVERLOADED")
      assert.include(body, "Busy.")
      assert.match(contentType, /^[a-z]+\/[a-z-]+/)
    })
  })
}
