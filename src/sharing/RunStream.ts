/**
 * The log of a run as a Redis Stream. An entry is a page of events, and its id is the number of the last of them: a reader's
 * cursor is what his log holds, and a page that is written twice is there once.
 *
 * Invariant: the pages of a stream hold the run from its first event on. A stream that Redis has lost in part or whole
 * is written from the beginning.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import type { RunId } from "../domain/Ids.ts"
import type { LogEntry, RunEvent } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"

const keyOf = (id: RunId): string => `crossfade:run:${id}`

/** Small enough that Redis answers others meanwhile. */
const pageBytes = 64 * 1024
/** Each write begins it anew; what has expired while the run said nothing is written once more. */
const expirySeconds = 60

interface Page {
  readonly key: string
  /** Whether the stream begins with it. */
  readonly first: boolean
  readonly lastSeq: number
  readonly events: string
}

/** 1 when the page is there, also from a try whose answer was lost; 0 when the stream it goes on with is not. */
const addPage = Redis.script(
  ({ events, first, key, lastSeq }: Page) => [key, `${lastSeq}-0`, events, expirySeconds, first ? 1 : 0],
  {
    lua: `
local added
if ARGV[4] == '1' then
  added = redis.pcall('XADD', KEYS[1], ARGV[1], 'events', ARGV[2])
else
  added = redis.pcall('XADD', KEYS[1], 'NOMKSTREAM', ARGV[1], 'events', ARGV[2])
end
if not added then return 0 end
if added.err and not string.find(added.err, 'equal or smaller') then return added end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1`,
    numberOfKeys: 1,
  },
).withReturnType<number>()

/** Writes a page of what is after `cursor`. Gives the next cursor and whether there was more than a page. */
export const write = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  log: RunLog,
  cursor: number,
) {
  const entries = log.read(cursor, pageBytes)
  const lastSeq = cursor + entries.length
  const more = lastSeq < log.lastSeq
  const events = JSON.stringify(entries.map(({ event }) => event))
  const kept = yield* redis.eval(addPage)({ key: keyOf(log.runId), first: cursor === 0, lastSeq, events })
  return kept === 0 ? { cursor: 0, more: true } : { cursor: lastSeq, more }
})

/** Pages of one stream and streams of one command: with pages of their full size 8 MiB. */
const pagesARead = 8
const streamsARead = 16

/** What another version of this service knows as an event passes unseen, as it does for the readers. */
const decodeEvents = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Array(
      Schema.Struct({ event: Schema.Literals(["message", "done", "error"]), data: Schema.Unknown }),
    ),
  ),
)

type Reply = Readonly<
  Record<string, ReadonlyArray<readonly [id: string, fields: readonly [name: string, value: string]]>>
>

const entriesOf = ([id, [, events]]: Reply[string][number]): ReadonlyArray<LogEntry> => {
  const decoded = Option.getOrElse(decodeEvents(events), () => [])
  const before = Number.parseInt(id) - decoded.length
  return decoded.map((event, index) => ({ seq: before + index + 1, event: event as RunEvent }))
}

/** Adds to each log what its stream has beyond it, one command for sixteen logs. Gives whether there may be more. */
export const read = Effect.fnUntraced(function* (
  { send }: Redis.Redis["Service"],
  logs: ReadonlyArray<RunLog>,
) {
  let more = false
  for (let from = 0; from < logs.length; from += streamsARead) {
    const some = logs.slice(from, from + streamsARead)
    const streams = [...some.map(({ runId }) => keyOf(runId)), ...some.map(({ lastSeq }) => `${lastSeq}-0`)]
    const reply = yield* send<Reply | null>("XREAD", "COUNT", String(pagesARead), "STREAMS", ...streams)
    for (const log of some) {
      const pages = reply?.[keyOf(log.runId)] ?? []
      const had = log.lastSeq
      for (const page of pages) log.copy(entriesOf(page))
      more ||= pages.length === pagesARead && log.lastSeq > had
    }
  }
  return more
})
