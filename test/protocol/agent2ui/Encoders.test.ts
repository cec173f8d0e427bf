import { assert, it } from "@effect/vitest"
import { version1 } from "../../../src/protocol/agent2ui/Version1.ts"
import { version2 } from "../../../src/protocol/agent2ui/Version2.ts"
import { parseEventId } from "../../../src/domain/EventId.ts"
import { parseStrict, type SseFrame } from "../../support/sse.ts"
import { encoderSuite, type ReadEvent } from "../encoderSuite.ts"

const kinds: Readonly<Record<string, ReadEvent["kind"]>> = {
  message: "message",
  done: "end",
  error: "error",
  heartbeat: "heartbeat",
}

const eventOf = ({ data, event, id }: SseFrame): ReadEvent => {
  const kind = kinds[event]
  if (kind === undefined) throw new Error(`an event of another name: ${event}`)
  const value: unknown = JSON.parse(data)
  return { seq: id === undefined ? undefined : parseEventId(id)?.seq, kind, text: JSON.stringify(value) }
}

const read = (bytes: Uint8Array): ReadonlyArray<ReadEvent> => parseStrict(bytes).map(eventOf)

encoderSuite("Agent2UI version 1", version1, read)
encoderSuite("Agent2UI version 2", version2, read)

it("both versions write the error envelope of the API", () => {
  for (const protocol of [version1, version2])
    assert.deepStrictEqual(protocol.error({ code: "OVERLOADED", message: "Busy." }), {
      contentType: "application/json",
      body: `{"success":false,"error":{"code":"OVERLOADED","message":"Busy."}}`,
    })
})
