import { assert, describe, it } from "@effect/vitest"
import { EventType } from "@ag-ui/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { parseEventId } from "../../../src/domain/EventId.ts"
import { Message } from "../../../src/protocol/agent2ui/Message.ts"
import { agUi } from "../../../src/protocol/ag-ui/AgUi.ts"
import type { LogEntry } from "../../../src/runs/RunEvent.ts"
import { run, runId } from "../../support/fixtures.ts"
import { encoderSuite, type ReadEvent } from "../encoderSuite.ts"
import { done, read, request } from "./reading.ts"

/** One event of the run for all frames up to one with an id. RUN_STARTED opens the stream and is no event of the run. */
const readEvents = (bytes: Uint8Array): ReadonlyArray<ReadEvent> => {
  const events: Array<ReadEvent> = []
  let frames: Array<string> = []
  for (const block of new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n\n").slice(0, -1)) {
    const fields = block.split("\n")
    const id = fields.find((line) => line.startsWith("id: "))?.slice(4)
    const data = fields.find((line) => line.startsWith("data: "))?.slice(6)
    if (data === undefined || data.startsWith('{"type":"RUN_STARTED"')) continue
    frames.push(JSON.stringify(JSON.parse(data)))
    if (id === undefined) continue
    const type: string = JSON.parse(data).type
    const kind = type === "RUN_FINISHED" ? "end" : type === "RUN_ERROR" ? "error" : "message"
    events.push({ seq: parseEventId(id)?.seq, kind, text: frames.join("") })
    frames = []
  }
  return events
}

encoderSuite("AG-UI", agUi(request), readEvents)

/** Calls and results meet by few ids, and some of them are sub-agents. */
const related = (message: Message, index: number): Message => {
  const callId = message.metadata?.callId
  const metadata =
    callId === undefined ? {} : { metadata: { ...message.metadata, callId: `c${callId.length % 3}` } }
  const named = { ...message, id: `m${index}`, ...metadata }
  const isSubAgent = (named.type === "skill_call" || named.type === "skill_result") && index % 2 === 0
  if (isSubAgent && named.type === "skill_call")
    return { ...named, data: { ...named.data, skillName: "subagent:poet" } }
  if (isSubAgent && named.type === "skill_result")
    return { ...named, data: { ...named.data, skillName: "subagent:poet" } }
  if (named.type === "retract") return { ...named, data: { ...named.data, fromSeq: 1, toSeq: index } }
  return named
}

describe("any run", () => {
  it.effect.prop(
    "gives a stream that the client accepts without a word, and that ends once",
    [Schema.Array(Message), Schema.Literals(["done", "error", "closing"])],
    ([messages, end]) =>
      Effect.promise(async () => {
        const encoder = agUi(request).encoder(run())
        const entries: ReadonlyArray<LogEntry> = messages.map((message, index) => ({
          seq: index + 1,
          event: { event: "message", data: related(message, index) },
        }))
        const seq = entries.length + 1
        let bytes = encoder.opening(0) + encoder.frames(entries)
        if (end === "closing") bytes += encoder.closing({ code: "SHUTTING_DOWN", message: "Later." }, seq)
        else if (end === "done") bytes += encoder.frames([{ seq, event: { event: "done", data: done } }])
        else
          bytes += encoder.frames([
            { seq, event: { event: "error", data: { code: "X", message: "m", runId, recoverable: true } } },
          ])
        const { complaints, events } = await read(bytes)
        assert.deepStrictEqual(complaints, [])
        assert.isTrue(encoder.ended)
        const ends = events.filter(
          ({ type }) => type === EventType.RUN_FINISHED || type === EventType.RUN_ERROR,
        )
        assert.deepStrictEqual(ends, events.slice(-1))
      }),
    { arbitrary: { runs: 300 } },
  )
})
