import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { parseEventId } from "../../../src/domain/EventId.ts"
import { messageTypes } from "../../../src/protocol/agent2ui/Message.ts"
import { uiStream } from "../../../src/protocol/ai-sdk/UiStream.ts"
import { run, runId, sessionId, text } from "../../support/fixtures.ts"
import { schemaOf } from "../agent2ui/messages.ts"
import { encoderSuite, type ReadEvent } from "../encoderSuite.ts"
import { bytesOf, chunksOf, done, entriesOf, failed, shown } from "./chunks.ts"
import { partsOf } from "./parts.ts"

/** A frame without an id belongs to the event of the next id, and the code of an error to the error. */
const read = (bytes: Uint8Array): ReadonlyArray<ReadEvent> => {
  const events: Array<ReadEvent> = []
  let waiting: Array<string> = []
  for (const frame of Buffer.from(bytes).toString().split("\n\n")) {
    const data = /^data: (.*)$/m.exec(frame)?.[1]
    if (data === undefined || data === "[DONE]") continue
    waiting.push(data)
    const id = /^id: (.*)$/m.exec(frame)?.[1]
    if (id === undefined) continue
    const seq = parseEventId(id)?.seq
    const last = JSON.parse(data)
    if (last.type === "error") events.push({ seq, kind: "error", text: waiting.join("") })
    else
      for (const each of waiting)
        events.push({
          seq,
          kind: JSON.parse(each).type === "finish" ? "end" : "message",
          text: JSON.stringify(JSON.parse(each)),
        })
    waiting = []
  }
  // The first events open the message, which the shared suite does not know.
  return events.filter(({ text }) => !/"type":"(start|start-step|text-start)"/.test(text))
}

encoderSuite("AI SDK UI message stream", uiStream(), read)

describe("the end of a UI message stream", () => {
  it("is an error with the public sentence, after its code", async () => {
    const chunks = await chunksOf(bytesOf(entriesOf([], failed)))
    assert.deepStrictEqual<unknown>(chunks, [
      { type: "data-run-error", data: failed.data, transient: true },
      { type: "error", errorText: "No model answers." },
    ])
    const { errors, message } = await shown(bytesOf(entriesOf([text("Hel")], failed)))
    assert.deepStrictEqual(errors, ["Error: No model answers."])
    assert.deepInclude(message?.parts[1], { text: "Hel", state: "done" })
  })

  it("is an abort after a cancel", async () => {
    const data = { ...failed.data, code: "EXECUTION_CANCELLED", message: "The run was cancelled." }
    const chunks = await chunksOf(bytesOf(entriesOf([text("a")], { event: "error", data } as typeof failed)))
    assert.deepStrictEqual<unknown>(chunks.at(-1), { type: "abort", reason: "The run was cancelled." })
    assert.notInclude(JSON.stringify(chunks), "errorText")
  })

  it("names a limit and a filter with the words of the client", async () => {
    for (const [ours, theirs] of [
      ["length", "length"],
      ["content_filter", "content-filter"],
      ["other", "other"],
    ] as const) {
      const end = { event: "done", data: { ...done, finishReason: ours } } as const
      assert.deepInclude((await chunksOf(bytesOf(entriesOf([], end)))).at(-1), { finishReason: theirs })
    }
  })
})

it("the first chunk names the run and the session", async () => {
  assert.deepStrictEqual<unknown>((await chunksOf(bytesOf(entriesOf([]))))[0], {
    type: "start",
    messageId: runId,
    messageMetadata: { runId, sessionId },
  })
})

it("renames the keys that the client's parser refuses", async () => {
  const args = JSON.parse('{"__proto__": 1, "a": [{"constructor": {"prototype": 2}}], "constructor": 3}')
  const parts = await partsOf({
    type: "tool_call",
    data: { toolName: "t", arguments: args, status: "calling" },
  })
  assert.deepInclude(parts[0], {
    input: { "~__proto__": 1, a: [{ "~constructor": { prototype: 2 } }], constructor: 3 },
  })
})

const anyMessage = Schema.Union(messageTypes.map(schemaOf))

it.effect.prop(
  "any events become chunks that the package accepts, and the stream ends",
  { messages: Schema.Array(anyMessage).check(Schema.isMaxLength(12)) },
  ({ messages }) =>
    Effect.promise(async () => {
      const entries = [
        ...messages.map((data, index) => ({ seq: index + 1, event: { event: "message", data } as const })),
        { seq: messages.length + 1, event: { event: "done", data: done } as const },
      ]
      const bytes = bytesOf(entries)
      const { errors } = await shown(bytes)
      assert.deepStrictEqual(errors, [])
      const last = (await chunksOf(bytes)).at(-1)
      assert.strictEqual(last?.type, "finish")
      assert.isTrue(uiStream().encoder(run()).frames(entries).endsWith("data: [DONE]\n\n"))
    }),
)
