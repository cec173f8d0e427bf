import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Sent, Started } from "../../src/api/TurnBody.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import * as PlainBody from "../../src/http/PlainBody.ts"

const message = Schema.Union([
  Schema.String,
  Schema.Literals(["", " ", "\u200b", "\ud800", "Hi", "\ufffd", "x".repeat(100_001), "x".repeat(100_000)]),
  Schema.Null,
  Schema.Int,
])
const agentId = Schema.Union([
  Schema.Literals([defaultAgentId, defaultAgentId.toUpperCase(), `${defaultAgentId} `, ""]),
  Schema.String,
])
const Body = Schema.Struct({
  agentId: Schema.optionalKey(agentId),
  message: Schema.optionalKey(message),
  attachments: Schema.optionalKey(Schema.String),
  parts: Schema.optionalKey(Schema.Array(Schema.String)),
  retry: Schema.optionalKey(Schema.Boolean),
  other: Schema.optionalKey(Schema.String),
})

const startedOf = Schema.decodeUnknownOption(Started)
const sentOf = Schema.decodeUnknownOption(Sent)

interface Form {
  readonly plain: (text: string) => unknown
  readonly decode: (body: unknown) => unknown
}

const forms: ReadonlyArray<Form> = [
  { plain: PlainBody.started, decode: (body) => Option.getOrUndefined(startedOf(body)) },
  { plain: PlainBody.sent, decode: (body) => Option.getOrUndefined(sentOf(body)) },
]

describe("a plain body", () => {
  it.prop("is what the contract's schema would give, or is left to it", [Body], ([body]) => {
    for (const { decode, plain } of forms) {
      const found = plain(JSON.stringify(body))
      if (found === undefined) continue
      assert.deepStrictEqual(found, decode(body))
    }
  })

  it("is recognised for an agent and a text, and for a text", () => {
    const both = { agentId: defaultAgentId, message: "Hi" }
    assert.deepStrictEqual(PlainBody.started(JSON.stringify(both)), both)
    assert.deepStrictEqual(PlainBody.sent('{"message":"Hi"}'), { message: "Hi" })
  })

  it.each([
    "",
    "{",
    "null",
    "[]",
    '"x"',
    '{"message":"Hi","__proto__":{}}',
    '{"message":"\ufffd"}',
    "\ufeff{}",
  ])("is left to the contract: %j", (text) => {
    assert.isUndefined(PlainBody.started(text))
    assert.isUndefined(PlainBody.sent(text))
  })
})
