import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { deepStrictEqual } from "node:assert/strict"
import * as Frame from "../../src/agent2ui/Frame.ts"
import { isCall, isContent, Message, type MessageType, messageTypes } from "../../src/agent2ui/Message.ts"
import { runId } from "../support/fixtures.ts"
import { parseStrict } from "../support/sse.ts"
import { schemaOf, withoutNegativeZero } from "./messages.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Message))
const encode = Schema.encodeSync(Message)

/** What a reader has after the whole way: JSON, frame, bytes, a parser of its own, JSON, schema. */
const sentAndRead = (message: Message): Message => {
  const id = Frame.eventId(runId, 1)
  const frames = parseStrict(Frame.encode(id, "message", encode(message)))
  assert.lengthOf(frames, 1)
  assert.deepStrictEqual([frames[0]?.id, frames[0]?.event], [id, "message"])
  return decode(frames[0]?.data)
}

/** The types of protocol.md, written out: a type that is lost from the code must be missed here. */
const contractTypes = [
  "text markdown thinking code table chart image file plan plan_step progress tool_call tool_result",
  "skill_call skill_result mcp_call mcp_result error report sandbox_log sandbox_output sandbox_status",
  "fallback retract",
].flatMap((line) => line.split(" "))

describe("Agent2UI messages", () => {
  it("has the types of the contract and no others", () => {
    assert.sameMembers([...messageTypes], contractTypes)
  })

  for (const type of messageTypes) {
    it.prop(
      `a message of type ${type} reaches a reader unchanged`,
      { message: schemaOf(type) },
      ({ message }) => {
        assert.strictEqual(message.type, type)
        // Node's: chai's stumbles over a key such as `toString`, which a tool's arguments may well have.
        deepStrictEqual(sentAndRead(message), withoutNegativeZero(message))
      },
    )
  }

  it.prop(
    "text of line breaks, NUL, separators, emoji, SSE syntax and lone surrogates reaches a reader unchanged",
    [
      Schema.Array(
        Schema.Literals([
          "\r",
          "\n",
          "\r\n",
          "\n\n",
          "\0",
          "\u2028",
          "\u2029",
          "\u0085",
          "\ufeff",
          "👩‍👩‍👧‍👦",
          "e\u0301",
          "\ud800",
          "\udc00",
          "\ud83d",
          "data: ",
          "\nid: 9\n",
          "event: done\n",
          ": ping",
          "retry: 1\n",
          '"',
          "\\",
          "\u007f",
          "\u001b[31m",
          "</script>",
        ]),
      ),
    ],
    ([pieces]) => {
      const message: Message = {
        id: "m",
        type: "text",
        data: { content: pieces.join("") },
        timestamp: "2026-01-01T00:00:00.000Z",
        metadata: { callId: pieces.join(""), [pieces.join("")]: null },
      }
      assert.deepStrictEqual(sentAndRead(message), message)
    },
    { arbitrary: { runs: 500 } },
  )

  it("keeps a key named __proto__ as data", () => {
    const text = `{"id":"m","type":"tool_call","data":{"toolName":"t","arguments":{"__proto__":{"admin":true}},"status":"calling"},"timestamp":"t"}`
    assert.strictEqual(JSON.stringify(encode(decode(text))), text)
    assert.isUndefined(Object.getPrototypeOf({}).admin)
  })

  it("refuses a type that is not of the protocol, and data of another type", () => {
    assert.throws(() => decode(`{"id":"m","type":"video","data":{"url":"x"},"timestamp":"t"}`))
    assert.throws(() => decode(`{"id":"m","type":"text","data":{"language":"x","code":"y"},"timestamp":"t"}`))
  })

  it("gives every type its definition in one JSON Schema, reports included", () => {
    const { definitions } = Schema.toJsonSchemaDocument(Message)
    for (const type of messageTypes) {
      assert.deepNestedInclude(definitions[`Agent2UI_${type}`], {
        "properties.type": { type: "string", enum: [type] },
      })
    }
    assert.include(JSON.stringify(definitions["Agent2UI_report"]), `"$ref":"#/$defs/Agent2UIMessage"`)
    assert.include(JSON.stringify(definitions["PlanStep"]), `"$ref":"#/$defs/PlanStep"`)
  })

  it("counts as an answer what shows one, and as a call what may have had an effect", () => {
    const content: ReadonlyArray<MessageType> = [
      "text",
      "markdown",
      "code",
      "table",
      "chart",
      "image",
      "file",
      "report",
    ]
    assert.sameMembers(messageTypes.filter(isContent), [...content])
    assert.sameMembers(messageTypes.filter(isCall), ["tool_call", "skill_call", "mcp_call"])
  })
})
