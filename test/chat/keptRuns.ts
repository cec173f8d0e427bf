/** A run as the store keeps it, and what its readers get. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { Source } from "../../src/chat/RunReader.ts"
import * as RunPages from "../../src/store/RunPages.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { assistantMessageId, noon, runId, text } from "../support/fixtures.ts"

export const completed = {
  status: "completed",
  assistantMessageId,
  executionMode: "direct_llm",
  endedAt: noon + 5,
} as const
export const interruption = {
  code: "RUN_INTERRUPTED",
  message: "The server stopped.",
  runId,
  recoverable: true,
}

export const entriesOf = (drafts: ReadonlyArray<Draft>): ReadonlyArray<LogEntry> => {
  const log = new RunLog(runId)
  for (const draft of drafts) log.message(draft, noon)
  return log.read(0).map(({ event, seq }) => ({ event, seq }))
}
export const texts = (count: number): ReadonlyArray<Draft> =>
  Array.from({ length: count }, (_, n) => text(`${n + 1}`))

/** Two entries make a page. */
export const pageOf = (all: ReadonlyArray<LogEntry>, after: number) =>
  all.filter(({ seq }) => seq > after).slice(0, 2)

/** The entries for a reader that has seen `after`. */
export const given = Effect.fnUntraced(function* (source: Source, after: number) {
  assert.strictEqual(source._tag, "Stored")
  if (source._tag === "Live") return []
  const entries: Array<LogEntry> = []
  yield* RunPages.each(source.pages, after, Number.POSITIVE_INFINITY, (entry) => void entries.push(entry))
  const seq = (entries.at(-1)?.seq ?? after) + 1
  return source.end === undefined ? entries : [...entries, { seq, event: source.end }]
})
