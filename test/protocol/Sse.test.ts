import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { eventId } from "../../src/domain/EventId.ts"
import * as Frame from "../../src/protocol/agent2ui/Frame.ts"
import * as Sse from "../../src/protocol/Sse.ts"
import { runId } from "../support/fixtures.ts"
import { parseStrict } from "../support/sse.ts"

const bytes = (text: string): ReadonlyArray<number> => [...Buffer.from(text, "utf8")]
const encode = (id: string, event: string, data: unknown): Uint8Array =>
  Buffer.from(Sse.frame(id, event, JSON.stringify(data)))

describe("SSE frames", () => {
  it("has the bytes of the contract: id, event, one data line, LF, one blank line", () => {
    const data = { content: "Hel\r\nlo é 😀 \ud800" }
    assert.deepStrictEqual(
      [...encode(eventId(runId, 12), "message", data)],
      bytes(`id: ${runId}:12\nevent: message\ndata: {"content":"Hel\\r\\nlo é 😀 \\ud800"}\n\n`),
    )
    assert.deepStrictEqual(
      [...encode("a:2", "done", { n: 1 })],
      [
        ...[105, 100, 58, 32, 97, 58, 50, 10, 101, 118, 101, 110, 116, 58, 32, 100, 111, 110, 101, 10],
        ...[100, 97, 116, 97, 58, 32, 123, 34, 110, 34, 58, 49, 125, 10, 10],
      ],
    )
  })

  it("has a heartbeat without id or seq", () => {
    assert.strictEqual(Frame.heartbeat, "event: heartbeat\ndata: null\n\n")
  })

  it("has an opening with the reader's cursor and no blank line, so that no client dispatches an event for it", () => {
    assert.strictEqual(Frame.opening(runId, 3), `: open\nid: ${runId}:3\n`)
    const all = Buffer.from(Frame.opening(runId, 3) + Frame.heartbeat)
    assert.deepStrictEqual(parseStrict(all), [{ id: undefined, event: "heartbeat", data: "null" }])
  })

  it("escapes what ends a line for Python: U+0085, U+2028 and U+2029, in texts and in names", () => {
    const data = { "a\u0085b": "c\u2028d", e: ["f\u2029g", "\u2028\u2028"] }
    const text = Buffer.from(encode("a:1", "message", data)).toString()
    assert.notMatch(text, /[\u0085\u2028\u2029]/)
    assert.include(text, String.raw`data: {"a\u0085b":"c\u2028d","e":["f\u2029g","\u2028\u2028"]}`)
  })

  it.prop("X4: holds any JSON in one event", [Schema.Json], ([json]) => {
    const [frame, ...more] = parseStrict(encode("a:1", "message", json))
    assert.deepStrictEqual(more, [])
    assert.deepInclude(frame, { id: "a:1", event: "message" })
    assert.strictEqual(JSON.stringify(JSON.parse(frame?.data ?? "")), JSON.stringify(json))
    assert.notMatch(frame?.data ?? "", /[\n\r\u0085\u2028\u2029]/)
  })
})
