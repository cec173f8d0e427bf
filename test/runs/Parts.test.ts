import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { deepStrictEqual } from "node:assert/strict"
import * as Parts from "../../src/client/Parts.ts"
import { eventId, parseEventId } from "../../src/domain/EventId.ts"
import { envelop, type Draft, type Message } from "../../src/protocol/agent2ui/Message.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { noon, runId, text } from "../support/fixtures.ts"
import { Choice, draftAt } from "./drafts.ts"

/** The events of a run, one second apart. */
const eventsOf = (drafts: ReadonlyArray<Draft>): ReadonlyArray<Message> =>
  drafts.map((draft, index) =>
    envelop(draft, eventId(runId, index + 1), new Date(noon + 1000 * index).toISOString()),
  )

const seqOf = ({ id }: Message): number => parseEventId(id)?.seq ?? Number.NaN

const shown = (messages: ReadonlyArray<Message>): ReadonlyArray<Parts.Part> =>
  Parts.afterEnd(
    messages.reduce<ReadonlyArray<Parts.Part>>(
      (parts, message) => Parts.afterMessage(parts, message.id, seqOf(message), message as never),
      [],
    ),
  )

/** Parts without the boundaries of their chunks. A text whose first chunk was retracted has the key of a later chunk. */
const compared = (parts: ReadonlyArray<Parts.Part>): unknown =>
  parts.map((part) =>
    part.type === "text" || part.type === "markdown"
      ? { ...part, key: eventId(runId, part.chunks[0]?.seq ?? 0), chunks: [] }
      : part,
  )

const compacted = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const transcript = new Transcript()
  for (const message of messages)
    transcript.add(draftOf(message), Date.parse(message.timestamp), seqOf(message))
  return transcript.parts(runId)
}

const draftOf = ({ id: _, timestamp: __, ...draft }: Message): Draft => draft as Draft

const anyDrafts = { choices: Schema.Array(Choice).check(Schema.isMaxLength(40)) }

describe("the stored parts of an answer", () => {
  it.prop(
    "show the same as all events of the run",
    anyDrafts,
    ({ choices }) => {
      const events = eventsOf(choices.map((choice, index) => draftAt(choice, index + 1)))
      deepStrictEqual(compared(shown(compacted(events))), compared(shown(events)))
    },
    { arbitrary: { runs: 2000 } },
  )

  it.prop(
    "stay the same when they are compacted again",
    anyDrafts,
    ({ choices }) => {
      const once = compacted(eventsOf(choices.map((choice, index) => draftAt(choice, index + 1))))
      deepStrictEqual(compacted(once), once)
    },
    { arbitrary: { runs: 2000 } },
  )

  it.prop(
    "have ids that rise",
    anyDrafts,
    ({ choices }) => {
      const seqs = compacted(eventsOf(choices.map((choice, index) => draftAt(choice, index + 1)))).map(seqOf)
      assert.deepStrictEqual(
        seqs,
        [...new Set(seqs)].toSorted((a, b) => a - b),
      )
    },
    { arbitrary: { runs: 500 } },
  )

  it("joins a hundred thousand chunks into one part", () => {
    const transcript = new Transcript()
    let heap = 0
    for (let index = 0; index < 100_000; index++) heap += transcript.add(text("ab"), noon)
    const [part, ...more] = transcript.parts(runId)
    assert.lengthOf(more, 0)
    assert.strictEqual(part?.id, eventId(runId, 1))
    assert.strictEqual(part?.type === "text" && part.data.content.length, 200_000)
    assert.isAtLeast(heap, 100_000 * 20)
  })
})
