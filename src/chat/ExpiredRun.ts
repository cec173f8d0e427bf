/**
 * The events of an ended run whose stored events were deleted (retention). Pure. A reader from the beginning gets the stored
 * parts of the answer, and the run's end. A reader from the middle gets an error, because the rest is gone.
 */
import { parseEventId } from "../domain/EventId.ts"
import type { ChainLink } from "../domain/RunAccount.ts"
import type { Run } from "../domain/Run.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
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

/** The parts are without the retracted content, and a protocol that cannot retract would end at the notice of it. */
const isSent = ({ type }: Message): boolean => type !== "retract"

export const partEntries = (parts: ReadonlyArray<Message>): ReadonlyArray<LogEntry> =>
  parts.map((data) => ({ seq: parseEventId(data.id)?.seq ?? 0, event: { event: "message", data } }))

/** The parts have the newest state of each step, without the time of its changes. */
export const untimed = (links: ReadonlyArray<ChainLink>): ReadonlyArray<ChainLink> =>
  links.map((link) => ({ ...link, startedAt: null, endedAt: null }))

export const entriesOf = (
  run: Run,
  parts: ReadonlyArray<Message>,
  after: number,
): ReadonlyArray<LogEntry> => {
  const terminal = TerminalEvent.terminalOf(run)
  // Older versions stored no parts, so an answer without text, such as a table, was only in the events.
  if (after > 0 || parts.length === 0 || terminal === undefined)
    return [{ seq: after + 1, event: expired(run) }]
  const entries = partEntries(parts)
  const last = entries.at(-1)?.seq ?? 0
  return [
    ...entries.filter(({ event }) => event.event !== "message" || isSent(event.data)),
    { seq: last + 1, event: terminal },
  ]
}
