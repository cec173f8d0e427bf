/**
 * The events of an ended run whose stored events were deleted (retention). Pure. A reader from the beginning gets the stored
 * answer as one message, and the run's end. A reader from the middle gets an error, because the rest is gone.
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
  // An answer without text, such as a table, existed only in the events.
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
