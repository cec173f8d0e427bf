/**
 * What a reader gets of an ended run whose events the store has forgotten. Pure. Who reads from the beginning gets the
 * answer that was kept, in one piece, and the run's end. Who has read a part of it cannot be given the rest, and is told so.
 */
import { eventId } from "../domain/EventId.ts"
import type { Run } from "../domain/Run.ts"
import type { ChatMessage } from "../domain/Session.ts"
import type { LogEntry, RunEvent } from "../runs/RunEvent.ts"
import * as TerminalEvent from "../runs/TerminalEvent.ts"

const expired = (run: Run): RunEvent => ({
  event: "error",
  data: {
    code: "RUN_EVENTS_EXPIRED",
    message: "The events of this answer are no longer kept. The answer is in its session.",
    runId: run.id,
    recoverable: false,
  },
})

export const entriesOf = (run: Run, answer: ChatMessage, after: number): ReadonlyArray<LogEntry> => {
  const terminal = TerminalEvent.terminalOf(run)
  // An answer that was no text, such as a table, was in its events alone.
  if (after > 0 || answer.content === "" || terminal === undefined)
    return [{ seq: after + 1, event: expired(run) }]
  const data = {
    id: eventId(run.id, 1),
    type: "text" as const,
    data: { content: answer.content },
    timestamp: new Date(answer.createdAt).toISOString(),
  }
  return [
    { seq: 1, event: { event: "message", data } },
    { seq: 2, event: terminal },
  ]
}
