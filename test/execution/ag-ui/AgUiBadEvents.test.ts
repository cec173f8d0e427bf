/** Events that are too large to read, or that cannot be decoded. */
import { describe, expect, it } from "vitest"
import {
  callArgs,
  callEnd,
  callStart,
  codeOf,
  custom,
  finished,
  mebi,
  played,
  result,
  sse,
  started,
  text,
  typesOf,
} from "./events.ts"
import { decode } from "./replay.ts"

describe("large events", () => {
  const raw = { type: "RAW", event: { prompt: "x".repeat(3 * mebi) } }

  it("drops RAW events, whatever the order of their fields", () => {
    const other = { timestamp: 1, type: "RAW", event: "x".repeat(3 * mebi) }
    const late = { timestamp: 1, metadata: { a: { b: 1 } }, type: "RAW", event: "small" }
    const seen = played(raw, text("a"), other, late, text("b"), raw, finished)
    expect(seen.text).toBe("ab")
    expect(seen.error).toBeUndefined()
  })

  it("keeps little of a RAW event that arrives in pieces", () => {
    const bytes = sse(raw, text("a"), finished)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, at) =>
      bytes.subarray(at * 4096, (at + 1) * 4096),
    )
    expect(decode(pieces).text).toBe("a")
  })

  it("reads an event with a rawEvent of 3 MiB before or after its fields", () => {
    const rawEvent = { prompt: "x".repeat(3 * mebi) }
    expect(
      played(
        { type: "TEXT_MESSAGE_CONTENT", rawEvent, messageId: "m-1", delta: "a" },
        text("b", { rawEvent }),
        finished,
      ).text,
    ).toBe("ab")
  })

  it("reads snapshots of 3 MiB", () => {
    const state = { type: "STATE_SNAPSHOT", snapshot: { document: "x".repeat(3 * mebi) } }
    const messages = {
      type: "MESSAGES_SNAPSHOT",
      messages: [{ id: "s", role: "system", content: "x".repeat(3 * mebi) }],
    }
    expect(played(state, text("a"), messages, finished).text).toBe("a")
  })

  it.each<readonly [string, unknown, boolean | undefined]>([
    ["a text of 2 MiB", text("x".repeat(2 * mebi)), undefined],
    ["a call of 2 MiB", callArgs("x".repeat(2 * mebi)), true],
    ["a RAW event of 17 MiB", { type: "RAW", event: "x".repeat(17 * mebi) }, undefined],
    ["a snapshot of 17 MiB", { type: "STATE_SNAPSHOT", snapshot: "x".repeat(17 * mebi) }, undefined],
  ])("fails at %s, before it ends", (_, event, called) => {
    const whole = sse(started, event)
    const { error } = decode([whole.subarray(0, whole.length - 5)])
    expect(error).toMatchObject({ _tag: "UpstreamGarbled", detail: "an event is too large" })
    expect(error !== undefined && "called" in error ? error.called : undefined).toBe(called)
  })
})

describe("undecodable events", () => {
  const bad = custom({ type: "text", data: { content: 7 } })

  it("skips up to four in a row", () => {
    expect(played(bad, bad, bad, bad, text("a"), bad, finished).text).toBe("a")
  })

  it("fails at the fifth in a row, of any kind", () => {
    const odd = [bad, { no: "type" }, "text", { type: "STEP_STARTED" }, custom({ type: "retract" })]
    expect(codeOf(played(...odd, text("a"), finished))).toBe("UPSTREAM_GARBLED")
  })

  it("skips unknown events without end", () => {
    const unknown = Array.from({ length: 20 }, () => ({ type: "VENDOR_NEWS" }))
    expect(played(...unknown, text("a"), finished).text).toBe("a")
  })

  it("shows an unknown call for an unreadable event that may be one, so that the turn does not run again", () => {
    const bytes = new TextEncoder().encode('data: {"type":"TOOL_CALL_START","toolCallId":\n\n')
    const seen = decode([sse(started), bytes, sse(text("a"), finished)])
    expect(typesOf(seen)).toEqual(["tool_call", "tool_result", "text"])
  })

  it("fails at a call with unusable data, as a call that was made", () => {
    expect(played({ ...callStart, toolCallId: 7 }).error).toMatchObject({ called: true })
  })

  it("fails at an error without a message, as at any other error", () => {
    expect(codeOf(played({ type: "RUN_ERROR" }))).toBe("UPSTREAM_FAILED")
  })

  it("counts null as absent, and reads no timestamp", () => {
    const odd = { timestamp: "yesterday", parentMessageId: null, metadata: null }
    const seen = played({ ...callStart, ...odd }, { ...callEnd, ...odd }, { ...result, role: null }, finished)
    expect(typesOf(seen)).toEqual(["tool_call", "tool_result"])
  })
})
