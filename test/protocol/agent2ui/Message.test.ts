import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { deepStrictEqual } from "node:assert/strict"
import { eventId } from "../../../src/domain/EventId.ts"
import { frame } from "../../../src/protocol/Sse.ts"
import {
  draft,
  envelop,
  Message,
  Metadata,
  reasoningDraft,
  textDraft,
  type MessageType,
  messageTypes,
} from "../../../src/protocol/agent2ui/Message.ts"
import { isCall, isContent } from "../../../src/protocol/agent2ui/MessageRole.ts"
import { runId } from "../../support/fixtures.ts"
import { parseStrict } from "../../support/sse.ts"
import { readable, schemaOf } from "./messages.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Message))
const encode = Schema.encodeSync(Message)

/** A message after the round trip: JSON, frame, bytes, an independent parser, JSON, schema. */
const sentAndRead = (message: Message): Message => {
  const id = eventId(runId, 1)
  const frames = parseStrict(Buffer.from(frame(id, "message", JSON.stringify(encode(message)))))
  assert.lengthOf(frames, 1)
  assert.deepStrictEqual([frames[0]?.id, frames[0]?.event], [id, "message"])
  return decode(frames[0]?.data)
}

/** The fields of `data` as the table of protocol.md has them; a `?` marks those that may be absent. */
const contractFields: { readonly [Type in MessageType]: string } = {
  text: "content",
  markdown: "content",
  thinking: "content stage?",
  code: "language code filename? highlightLines?",
  table: "columns rows pagination?",
  chart: "chartType title? xAxis? yAxis? series",
  image: "url alt? width? height? caption?",
  file: "url filename mimeType size?",
  plan: "steps currentStep progress?",
  plan_step: "stepId title status tool? params? result? error? durationMs?",
  progress: "current total percentage label? status?",
  tool_call: "toolName arguments status result? error? duration?",
  tool_result: "toolName result success error? duration?",
  skill_call: "skillId skillName arguments status result? error? duration?",
  skill_result: "skillId skillName result success error? duration?",
  mcp_call: "serverId toolName arguments status result? error? duration?",
  mcp_result: "serverId toolName result success error? duration?",
  error: "code message details? recoverable? retryAction?",
  report: "title sections summary? generatedAt?",
  sandbox_log: "sandboxId level message timestamp source?",
  sandbox_output: "sandboxId stream content timestamp exitCode?",
  sandbox_status: "sandboxId status startedAt? endedAt? durationMs? resourceUsage?",
  interrupt: "interruptId reason message? toolName? arguments? responseSchema? expiresAt? payload?",
  fallback: "from to reason code",
  retract: "runId fromSeq toSeq reason",
}

interface JsonObject {
  readonly properties: Readonly<Record<string, JsonObject>>
  readonly required?: ReadonlyArray<string>
}

describe("Agent2UI messages", () => {
  it("has the types of the contract and no others", () => {
    assert.sameMembers([...messageTypes], Object.keys(contractFields))
  })

  for (const type of messageTypes) {
    it.prop(
      `a message of type ${type} reaches a reader unchanged`,
      { message: schemaOf(type) },
      ({ message }) => {
        assert.strictEqual(message.type, type)
        // Node's: chai's stumbles over a key such as `toString`, which a tool's arguments may well have.
        const plain = readable(message) as Message
        deepStrictEqual(sentAndRead(plain), plain)
      },
    )
  }

  it.prop(
    "X10: text of line breaks, NUL, separators, emoji, SSE syntax and lone surrogates reaches a reader unchanged",
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
        metadata: { callId: pieces.join("") },
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

  it("gives every type its definition with the fields of the contract in one JSON Schema, reports included", () => {
    const { definitions } = Schema.toJsonSchemaDocument(Message)
    for (const type of messageTypes) {
      const definition = definitions[`Agent2UI_${type}`]
      assert.deepNestedInclude(definition, { "properties.type": { type: "string", enum: [type] } })
      const { data } = (definition as unknown as JsonObject).properties
      const fields = Object.keys(data?.properties ?? {})
      const required = data?.required ?? []
      assert.sameMembers(
        fields.map((field) => (required.includes(field) ? field : `${field}?`)),
        contractFields[type].split(" "),
      )
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
      "interrupt",
    ]
    assert.sameMembers(messageTypes.filter(isContent), [...content])
    assert.sameMembers(messageTypes.filter(isCall), ["tool_call", "skill_call", "mcp_call"])
  })
})

describe("the constructors of drafts", () => {
  it.prop("make the chunks that the schema makes", [Schema.String, Metadata], ([content, metadata]) => {
    assert.deepStrictEqual(textDraft(content), draft({ type: "text", data: { content } }))
    assert.deepStrictEqual(textDraft(content, metadata), draft({ type: "text", data: { content }, metadata }))
    const reasoning = draft({ type: "thinking", data: { content, stage: "reasoning" } })
    assert.deepStrictEqual(reasoningDraft(content), reasoning)
  })

  it.prop("refuse nothing that the wire's schema accepts, and change nothing", [Message], ([message]) => {
    const { id, timestamp, ...rest } = message
    assert.deepStrictEqual(envelop(draft(rest), id, timestamp), message)
  })

  it.each([
    { type: "text", data: { content: 1 } },
    { type: "plan_step", data: { stepId: "s", title: "t", status: "sleeping" } },
    { type: "tool_result", data: { toolName: "t", result: Number.NaN, success: true } },
    { type: "text", data: { content: "a" }, metadata: { callId: 1 } },
  ])("refuse $type with data of another shape", (invalid) => {
    assert.throws(() => Reflect.apply(draft, undefined, [invalid]))
  })
})
