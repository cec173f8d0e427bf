/** The rows of the list of events. Pure. */
import type { ChatEvent } from "../../client/Contract.ts"

interface EventRow {
  readonly seq: number
  /** The type of a message, or the name of the event. */
  readonly type: string
  readonly json: string
}

const rowOf = ({ data, event, seq }: ChatEvent): EventRow => ({
  seq,
  type: event === "message" ? data.type : event,
  json: JSON.stringify(event === "message" ? data.data : data),
})

/** The same event gives the same row, so that a filter does not write the JSON of all events again. */
const rows = new WeakMap<ChatEvent, EventRow>()

const keptRow = (event: ChatEvent): EventRow => {
  const row = rows.get(event) ?? rowOf(event)
  rows.set(event, row)
  return row
}

/** The events that have the text in their type or their JSON. */
export const rowsIn = (events: ReadonlyArray<ChatEvent>, filter: string): ReadonlyArray<EventRow> => {
  const sought = filter.trim().toLowerCase()
  const all = events.map(keptRow)
  return sought === ""
    ? all
    : all.filter(({ json, type }) => type.includes(sought) || json.toLowerCase().includes(sought))
}
