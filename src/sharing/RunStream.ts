/**
 * The log of a run as a Redis Stream. An entry is a page of events, and its id is the number of the last of them: a reader's
 * cursor is what his log holds, and a page that is written twice is there once.
 *
 * Invariant: the pages of a stream hold the run from its first event on, without a gap, whatever Redis may forget.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import type { RunId } from "../domain/Ids.ts"
import type { Pages } from "../store/RunPages.ts"
import { eventJson, type LogEntry, type RunEvent } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"

const keyOf = (id: RunId): string => `crossfade:run:${id}`

/** Each write begins it anew; what has expired while the run said nothing is written once more. */
const expirySeconds = 60

/**
 * Adds a page that begins after `after`, and gives up to where the stream holds the run now: less than `after` when Redis has
 * lost some of it (it was restarted, its replica took over, the stream expired), and then nothing was added.
 */
const addPage = Redis.script(
  (key: string, after: number, lastSeq: number, events: string) => [
    key,
    after,
    lastSeq,
    events,
    expirySeconds,
  ],
  {
    lua: `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local top = last and tonumber(string.match(last[1], '^%d+')) or 0
if top < tonumber(ARGV[1]) then return top end
if top < tonumber(ARGV[2]) then
  redis.call('XADD', KEYS[1], ARGV[2] .. '-0', 'events', ARGV[3])
  top = tonumber(ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return top`,
    numberOfKeys: 1,
  },
).withReturnType<number>()

/** Writes a page of what is after `cursor`. Gives the next cursor, and whether the log had more than it. */
export const write = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  log: RunLog,
  pages: Pages,
  cursor: number,
) {
  const had = log.lastSeq
  const entries = yield* pages(cursor)
  const events = `[${entries.map(eventJson).join(",")}]`
  const next = yield* redis.eval(addPage)(keyOf(log.runId), cursor, cursor + entries.length, events)
  return { cursor: next, more: next < had }
})

/** Pages of one stream and streams of one command: with pages of their full size 8 MiB. */
const pagesARead = 8
const streamsARead = 16

/** An event that only another version of this service knows passes unseen, as it does for the readers. */
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
