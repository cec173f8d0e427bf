import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { RuntimeEvent, textChunk } from "../../../src/execution/runtime/RuntimeWire.ts"

const bySchema = Schema.decodeUnknownOption(RuntimeEvent)

const alike = (json: unknown): void => {
  const event = Option.getOrUndefined(bySchema(json))
  assert.deepStrictEqual(textChunk(json), event?.event === "text_chunk" ? event : undefined)
}

describe("a text chunk decoded by hand", () => {
  const name = Schema.Literals(["text_chunk", "thinking", "ping", "execution_complete", "unheard of"])
  const data = Schema.Union([
    Schema.Struct({ content: Schema.String }),
    Schema.Struct({ content: Schema.Json, extra: Schema.Json }),
    Schema.Json,
  ])

  it.prop(
    "is what the schema makes of the same event, and nothing else is one",
    [Schema.Struct({ event: name, data, timestamp: Schema.String }), Schema.Json],
    ([event, anything]) => {
      alike(event)
      alike(anything)
    },
  )

  it.each([
    { event: "text_chunk", data: { content: "a" } },
    { event: "text_chunk", data: { content: "", more: 1 }, extra: 2 },
    { event: "text_chunk", data: { content: 1 } },
    { event: "text_chunk", data: {} },
    { event: "text_chunk", data: ["a"] },
    { event: "text_chunk", data: null },
    { event: "text_chunk" },
    [],
    null,
    "text_chunk",
  ])("or not: %j", alike)
})
