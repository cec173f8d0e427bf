import { assert, describe, it } from "@effect/vitest"
import { crlf, done, ends, frame, hear, hearText, recording, spoken, textOf, type Wire } from "./recording.ts"

const chunkOf = (content: string): Wire => ["text_chunk", { content }]
const garbage = `data: {"event":"text_chunk","data":{"conte${crlf}${crlf}`
const complete = frame(ends.complete)

describe("RuntimeDecoder", () => {
  it("decodes the whole recording", () => {
    const { error, events, unknown } = hear([recording("complete")])
    assert.isUndefined(error)
    assert.strictEqual(unknown, 0)
    assert.strictEqual(textOf({ events, error, unknown, afterError: 0 }), spoken.join(""))
    assert.deepStrictEqual(
      events.map((event) => (event._tag === "Message" ? event.draft.type : event._tag)),
      [
        ...[
          "thinking",
          "plan",
          "plan_step",
          "tool_call",
          "tool_result",
          "skill_call",
          "skill_result",
          "mcp_call",
        ],
        ...[
          "mcp_result",
          "plan_step",
          "plan_step",
          "text",
          "text",
          "text",
          "text",
          "file",
          "plan_step",
          "Finished",
        ],
      ],
    )
    const failed = hear([recording("error")])
    assert.deepStrictEqual(failed.events, events.slice(0, -1))
    assert.deepInclude(failed.error?.detail, {
      code: "EXTERNAL_TOOL_TIMEOUT",
      message: "échec",
      httpStatus: 504,
    })
  })

  it.each(["complete", "error"] as const)(
    "fault 2: U2: is the same cut in two at any offset, ending in %s",
    (end) => {
      const bytes = recording(end)
      const whole = hear([bytes])
      assert.isAbove(bytes.length, 2000)
      for (let offset = 0; offset <= bytes.length; offset++) {
        const cut = hear([bytes.subarray(0, offset), bytes.subarray(offset)])
        // A deep comparison at every offset takes seconds; comparing text does not.
        if (JSON.stringify(cut) !== JSON.stringify(whole))
          assert.deepStrictEqual(cut, whole, `cut at ${offset}`)
      }
    },
  )

  it.each(["complete", "error"] as const)("fault 3: U2: is the same byte by byte, ending in %s", (end) => {
    const bytes = recording(end)
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
    assert.deepStrictEqual(hear(single), hear([bytes]))
    assert.deepStrictEqual(hear(single.flatMap((byte) => [new Uint8Array(), byte])), hear([bytes]))
  })

  it("U2: is the same with CR, LF or CRLF, and with a byte order mark", () => {
    const whole = hear([recording("complete")])
    for (const lineEnd of ["\r", "\n", crlf]) {
      const bytes = recording("complete", lineEnd)
      assert.deepStrictEqual(hear([bytes]), whole)
      assert.deepStrictEqual(hear(Array.from(bytes, (byte) => Uint8Array.of(byte))), whole)
      const mark = Buffer.concat([Buffer.from("\ufeff"), bytes])
      assert.deepStrictEqual(hear([mark]), whole)
      assert.deepStrictEqual(hear(Array.from(mark, (byte) => Uint8Array.of(byte))), whole)
    }
  })

  it("takes one event from several data lines, and reads ids, names and missing spaces as a browser does", () => {
    const lines = `id: 7${crlf}event: x${crlf}data:{"event":"text_chunk",${crlf}data:"data":{"content":"a"}}${crlf}${crlf}`
    assert.strictEqual(textOf(hearText(lines)), "a")
  })

  it("U5: goes on after a retry line", () => {
    const heard = hearText(
      `retry: 3000${crlf}`,
      frame(chunkOf("a")),
      `retry: 1${crlf}${crlf}`,
      frame(chunkOf("b")),
      done(),
    )
    assert.strictEqual(textOf(heard), "ab")
    assert.isUndefined(heard.error)
  })

  it("U5: counts and skips events that it does not know", () => {
    const heard = hearText(
      frame(chunkOf("a")),
      frame(["telemetry", { cpu: 1 }]),
      frame(["x", {}]),
      frame(chunkOf("b")),
    )
    assert.deepInclude(heard, { unknown: 2, error: undefined })
    assert.strictEqual(textOf(heard), "ab")
  })

  it("U5: the first end counts, and nothing after it is looked at", () => {
    const completed = hearText(complete + frame(ends.error) + frame(chunkOf("late")) + complete + done())
    assert.isUndefined(completed.error)
    assert.deepStrictEqual(
      completed.events.map((event) => event._tag),
      ["Message", "Finished"],
    )
    const garbled = hearText(complete, garbage.repeat(9), `data: ${"x".repeat(3 << 20)}`)
    assert.deepInclude(garbled, { error: undefined })
    const failed = hearText(
      frame(ends.error) + frame(chunkOf("late")),
      complete,
      frame(chunkOf("later")),
      done(),
    )
    assert.deepInclude(failed, { events: [], afterError: 0 })
    assert.strictEqual(failed.error?.tag, "UpstreamFailed")
  })

  it("fault 8: [DONE] ends the answer, the end of the body alone does not", () => {
    assert.deepStrictEqual(
      hearText(frame(chunkOf("a"))).events.map(({ _tag }) => _tag),
      ["Message"],
    )
    assert.deepStrictEqual(
      hearText(frame(chunkOf("a")) + done()).events.map(({ _tag }) => _tag),
      ["Message", "Finished"],
    )
    assert.deepStrictEqual(
      hearText(complete + done(), done()).events.map(({ _tag }) => _tag),
      ["Message", "Finished"],
    )
  })

  it.each([1, 2, 3, 4])("takes the last event without the last %i characters of its line ends", (missing) => {
    const heard = hearText(frame(chunkOf("a")), frame(["execution_complete", {}]).slice(0, -missing))
    assert.deepStrictEqual(
      heard.events.map(({ _tag }) => _tag),
      ["Message", "Finished"],
    )
    assert.strictEqual(hearText(`data: [DONE]${crlf}${crlf}`.slice(0, -missing)).events.length, 1)
  })

  it.each([
    [
      { model: "m-7", usage: { prompt_tokens: 11, completion_tokens: 31 } },
      { model: "m-7", usage: { tokens: 42, inputTokens: 11, outputTokens: 31 } },
    ],
    [{ model: 7, usage: { prompt_tokens: "many" } }, { usage: undefined }],
    [{ model: null, usage: [] }, { usage: undefined }],
    [{}, { usage: undefined }],
  ])("tells the model and the tokens that the runtime tells: %o", (told, finished) => {
    const { events } = hearText(frame(chunkOf("a")), frame(["execution_complete", told]))
    assert.deepStrictEqual<unknown>(events.at(-1), { _tag: "Finished", ...finished })
  })

  it("does not take a last event that the body's end cuts off", () => {
    const heard = hearText(frame(chunkOf("a")), frame(["execution_complete", {}]).slice(0, -20))
    assert.deepStrictEqual(
      heard.events.map(({ _tag }) => _tag),
      ["Message"],
    )
  })
})

describe("events that cannot be decoded", () => {
  const undecodable: ReadonlyArray<string> = [
    garbage,
    `data: not json${crlf}${crlf}`,
    `data: []${crlf}${crlf}`,
    `data: null${crlf}${crlf}`,
    `data: {"event":7}${crlf}${crlf}`,
    frame(["text_chunk", {}]),
    frame(["text_chunk", { content: null }]),
    frame(["plan_step_start", { step_id: 7 }]),
  ]

  it.each(["tool_call_start", "tool_call_complete", "skill_call_start", "mcp_call_complete"])(
    "one %s fails the attempt at once, as a turn whose call was made: it must not run again",
    (name) => {
      const heard = hearText(frame(chunkOf("a")), frame([name, { tool_name: 7 }]), frame(chunkOf("b")))
      assert.strictEqual(textOf(heard), "a")
      assert.deepInclude(heard.error?.detail, { _tag: "UpstreamGarbled", called: true })
    },
  )

  it("fault 4: an execution_error that cannot be read is a failure all the same, whatever follows", () => {
    const heard = hearText(
      frame(chunkOf("a")),
      frame(["execution_error", { error: "no", httpStatus: "504" }]),
      `data: [DONE]${crlf}${crlf}`,
    )
    assert.strictEqual(heard.error?.tag, "UpstreamFailed")
    assert.isFalse(heard.events.some((event) => event._tag === "Finished"))
  })

  it("arguments that are no object are passed on by the name value, and count as a call", () => {
    const heard = hearText(frame(["tool_call_start", { tool_name: "t", arguments: "text" }]))
    const [event] = heard.events
    assert.deepInclude(event?._tag === "Message" ? event.draft.data : {}, { arguments: { value: "text" } })
  })

  it.each(undecodable)("four in a row are skipped, five fail the attempt: %j", (bad) => {
    const four = hearText(bad.repeat(4), frame(chunkOf("a")), bad.repeat(4), frame(chunkOf("b")))
    assert.strictEqual(textOf(four), "ab")
    assert.isUndefined(four.error)
    const five = hearText(frame(chunkOf("a")), bad.repeat(5), frame(chunkOf("b")))
    assert.strictEqual(textOf(five), "a")
    assert.deepInclude(five.error?.detail, { _tag: "UpstreamGarbled", upstream: "runtime" })
  })

  it("are in a row across comments and retry lines, and not across an event that is only unknown", () => {
    const between = `: ping${crlf}${crlf}retry: 1${crlf}${crlf}`
    assert.strictEqual(hearText(`${garbage}${between}`.repeat(5)).error?.tag, "UpstreamGarbled")
    assert.isUndefined(hearText(garbage.repeat(4), frame(["telemetry", {}]), garbage.repeat(4)).error)
    assert.isUndefined(hearText(garbage.repeat(4), frame(["ping", {}]), garbage.repeat(4)).error)
  })

  it("returns nothing after the failure", () => {
    const heard = hearText(...Array.from({ length: 9 }, () => garbage), frame(chunkOf("a")), complete)
    assert.deepInclude(heard, { events: [], afterError: 0 })
  })
})

describe("events that are too large", () => {
  const piece = Buffer.alloc(64 * 1024, "x")
  const fedUntilError = (prefix: string, chunks: number, chunk = piece): number => {
    let fed = 0
    const feed = function* () {
      yield Buffer.from(prefix)
      for (; fed < chunks; fed++) yield chunk
    }
    const seen = hear(feed())
    assert.strictEqual(seen.error?.tag, "UpstreamGarbled")
    return fed
  }

  it("U4: one endless line fails once it is over 1 MiB, not at its end", () => {
    const decoded = Array.from(
      { length: 17 },
      (_, chunks) => hear([Buffer.from("data: "), ...Array.from({ length: chunks }, () => piece)]).error?.tag,
    )
    assert.deepStrictEqual(
      decoded.slice(0, 16),
      Array.from({ length: 16 }, () => undefined),
    )
    assert.strictEqual(decoded[16], "UpstreamGarbled")
    fedUntilError("data: ", 100)
    fedUntilError(": a comment ", 100)
  })

  it("U4: many lines of one event fail like one line", () => {
    const line = Buffer.from(`data: ${"x".repeat(60_000)}${crlf}`)
    fedUntilError("", 18, line)
  })

  it("an event over 1 MiB fails also when it comes in one chunk with its end, and one below does not", () => {
    const large = (length: number) => hearText(frame(chunkOf("x".repeat(length))), frame(chunkOf("after")))
    assert.deepInclude(large(1024 * 1024), { events: [] })
    assert.strictEqual(large(1024 * 1024).error?.tag, "UpstreamGarbled")
    assert.deepInclude(large(1_000_000), { error: undefined })
  })

  it("U4: any number of comments costs nothing", () => {
    const comments = Buffer.from(`: ping${crlf}${crlf}`.repeat(50_000))
    assert.deepInclude(hear([comments, comments, Buffer.from(frame(chunkOf("a")))]), { error: undefined })
  })
})
