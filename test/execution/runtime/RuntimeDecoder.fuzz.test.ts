import { textDraft } from "../../../src/protocol/agent2ui/Message.ts"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { frameOf } from "../../../src/protocol/agent2ui/Frame.ts"
import { Message } from "../../../src/protocol/agent2ui/Message.ts"
import { RunLog } from "../../../src/runs/RunLog.ts"
import { type Dice, dice } from "../../fuzz/Mutation.ts"
import { noon, runId } from "../../support/fixtures.ts"
import { parseStrict } from "../../support/sse.ts"
import { crlf, frame, hear, type Heard, hearText, recording } from "./recording.ts"

const deep = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
const callWith = (json: string): string =>
  `data: {"event":"tool_call_start","data":{"tool_name":"t","arguments":{"a":${json}}}}${crlf}${crlf}`

const nasty: ReadonlyArray<Uint8Array> = [
  ...[
    "\0",
    "\r",
    "\n",
    "\r\n\r\n",
    "\ufeff",
    "\u2028",
    ":",
    "data: ",
    "data: [DONE]\r\n\r\n",
    '"',
    "\\",
    "\\ud800",
    "\\u0000",
  ],
  ...[
    "{",
    "}",
    "null",
    "1e999",
    "-0",
    '{"__proto__":{"polluted":true}}',
    '"event":"ping",',
    "retry: 1\r\n",
    "id: \0\r\n",
  ],
  ...[
    callWith(deep(10_000)),
    callWith('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  ],
]
  .map((text): Uint8Array => Buffer.from(text))
  // Overlong forms of "/", a UTF-16 surrogate in UTF-8, a code point too high, a lone continuation byte.
  .concat(
    [
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xf0, 0x80, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0x80],
    ].map((bytes) => Uint8Array.from(bytes)),
  )

const mutateOnce = (bytes: Uint8Array, { below, pick }: Dice): Uint8Array => {
  const from = below(bytes.length)
  const to = from + below(40)
  const [before, slice, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]
  switch (below(6)) {
    case 0:
      return Buffer.concat([before, after])
    case 1:
      return Buffer.concat([before, slice, slice, after])
    case 2:
      return Buffer.concat([before, pick(nasty), bytes.subarray(from)])
    case 3:
      return Buffer.concat([before, slice.map((byte) => byte ^ (1 << below(8))), after])
    case 4:
      return Buffer.concat([before, slice.toReversed(), after])
    default:
      return Buffer.concat([before, Buffer.from(slice.map(() => below(256))), after])
  }
}

/** A few neighbouring frames of the recording, so that mutations hit every part often. */
const frames = `${recording("complete").toString()}${recording("error").toString()}`.split(/(?<=\r\n\r\n)/)
const mutated = (own: Dice): Buffer => {
  const from = own.below(frames.length)
  let bytes: Uint8Array = Buffer.from(frames.slice(from, from + 8).join(""))
  for (let left = 1 + own.below(12); left > 0; left--) bytes = mutateOnce(bytes, own)
  return Buffer.from(bytes)
}

const cutUp = (bytes: Buffer, { below }: Dice): ReadonlyArray<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const size = 1 + below(64)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Message))

/** Every message can be logged, sent as one event and read by its schema; `Finished` and errors come last. */
const assertValid = (heard: Heard): void => {
  const log = new RunLog(runId)
  for (const [index, event] of heard.events.entries()) {
    if (event._tag === "Finished") assert.strictEqual(index, heard.events.length - 1)
    else assert.isTrue(log.message(event.draft, noon))
  }
  for (const entry of log.read(0)) {
    const [sent] = parseStrict(Buffer.from(frameOf(runId, entry)))
    assert.strictEqual(sent?.id, `${runId}:${entry.seq}`)
    decode(sent?.data)
  }
  assert.strictEqual(heard.afterError, 0)
  assert.include([undefined, "UpstreamGarbled", "UpstreamFailed", "UpstreamCancelled"], heard.error?.tag)
  assert.isUndefined(Object.getPrototypeOf({}).polluted)
}

describe("RuntimeDecoder, whatever the bytes are", () => {
  it("U3: 10 000 mutated answers never throw, give valid events only, and are the same however they are cut", () => {
    let failures = 0
    let messages = 0
    for (let seed = 0; seed < 10_000; seed++) {
      const own = dice(seed)
      const bytes = mutated(own)
      try {
        const heard = hear([bytes])
        assertValid(heard)
        assert.strictEqual(JSON.stringify(hear(cutUp(bytes, own))), JSON.stringify(heard))
        failures += heard.error === undefined ? 0 : 1
        messages += heard.events.length
      } catch (cause) {
        throw new Error(`seed ${seed}: ${JSON.stringify(bytes.toString("latin1").slice(0, 2000))}`, { cause })
      }
    }
    // The mutations must neither leave everything unchanged nor break everything.
    assert.isAbove(failures, 50)
    assert.isAbove(messages, 10_000)
  })

  it.prop("U3: any bytes never throw", [Schema.Array(Schema.Uint8Array)], ([chunks]) => {
    assertValid(hear(chunks))
  })

  it.prop("U3: any JSON as an event never throws", [Schema.Json, Schema.String], ([json, text]) => {
    assertValid(hearText(`data: ${JSON.stringify(json)}${crlf}${crlf}`.repeat(5)))
    assertValid(hearText(frame([text, { content: json, steps: json, error: json }])))
    const values = {
      content: text,
      stage: json,
      tool_name: text,
      arguments: json,
      result: json,
      success: true,
    }
    for (const event of [
      "thinking",
      "tool_call_start",
      "tool_call_complete",
      "execution_error",
      "file_created",
    ]) {
      const data = {
        ...values,
        error: text,
        code: text,
        details: json,
        file_id: text,
        filename: text,
        mime_type: text,
      }
      assertValid(hearText(frame([event, { ...data, url: text, size: json }])))
    }
  })

  it.each([100, 1000, 4000, 10_000, 100_000, 400_000])(
    "U3: D6: a call with arguments nested %i deep still counts as started and does no harm",
    (depth) => {
      const heard = hearText(callWith(deep(depth)), frame(["text_chunk", { content: "after" }]))
      assertValid(heard)
      assert.isUndefined(heard.error)
      const [call, text] = heard.events.map((event) => (event._tag === "Message" ? event.draft : undefined))
      assert.deepInclude(call, { type: "tool_call", metadata: { callId: "call-1" } })
      assert.strictEqual(text?.type, "text")
      assert.isAtMost(JSON.stringify(call).split("[").length - 1, 128)
      if (depth === 100) assert.include(JSON.stringify(call), deep(depth))
      assertValid(hearText(`data: ${deep(depth)}${crlf}${crlf}`.repeat(2)))
    },
  )

  it("U3: of a key that comes twice the last counts, and __proto__ is data like any other", () => {
    const twice = hearText(
      `data: {"event":"ping","event":"text_chunk","data":{"content":"a","content":"b"}}${crlf}${crlf}`,
    )
    assert.deepStrictEqual(twice.events, [{ _tag: "Message", draft: textDraft("b") }])
    const proto = hearText(callWith('{"__proto__":{"polluted":true}}'))
    assertValid(proto)
    assert.include(JSON.stringify(proto.events), '"a":{"__proto__":{"polluted":true}}')
  })

  it("U3: bytes that are no UTF-8 become the replacement character, and NUL stays a character", () => {
    const broken = Buffer.concat([
      Buffer.from('data: {"event":"text_chunk","data":{"content":"a'),
      Uint8Array.of(0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xff),
      Buffer.from(`\\u0000\\ud800z"}}${crlf}${crlf}`),
    ])
    const heard = hear([broken])
    assertValid(heard)
    assert.deepStrictEqual(heard.events, [
      { _tag: "Message", draft: textDraft(`a${"\ufffd".repeat(6)}\0\ud800z`) },
    ])
  })
})
