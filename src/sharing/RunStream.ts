/**
 * The log of a run as a Redis Stream. An entry is a page of events; its id is the number of the page's last event. So a
 * reader's cursor is the last number in its log, and a page that is written twice exists once.
 *
 * Invariant: the pages of a stream contain the run from its first event without a gap, even if Redis loses data.
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

/** Each write restarts it. Pages that expire while the run is silent are written again. */
const expirySeconds = 60

/**
 * Adds a page that begins after `after`. Gives the last number in the stream. It is less than `after` when Redis lost data (a
 * restart, a failover, an expired stream); then nothing was added.
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

/** Writes the page after `cursor`. Gives the next cursor, and true in `more` when the log had more entries. */
export const write = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  log: RunLog,
  pages: Pages,
  cursor: number,
) {
  const lastSeq = log.lastSeq
  const entries = yield* pages(cursor)
  const events = `[${entries.map(eventJson).join(",")}]`
  const next = yield* redis.eval(addPage)(keyOf(log.runId), cursor, cursor + entries.length, events)
  return { cursor: next, more: next < lastSeq }
})

/** Removes the streams of runs. An unavailable Redis expires them. */
export const forget = ({ send }: Redis.Redis["Service"], ids: ReadonlyArray<RunId>): Effect.Effect<void> =>
  ids.length === 0 ? Effect.void : Effect.ignore(send("UNLINK", ...ids.map(keyOf)))

/** The most pages per stream and streams per command. With full pages, one command reads 8 MiB. */
const pagesPerRead = 8
const streamsPerRead = 16

/** Accepts message types of newer versions of this service; readers ignore unknown types. */
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

/** Copies the new entries of each log's stream, with one command for sixteen logs. Gives true when there may be more. */
export const read = Effect.fnUntraced(function* (
  { send }: Redis.Redis["Service"],
  logs: ReadonlyArray<RunLog>,
) {
  let more = false
  for (let from = 0; from < logs.length; from += streamsPerRead) {
    const batch = logs.slice(from, from + streamsPerRead)
    const streams = [...batch.map(({ runId }) => keyOf(runId)), ...batch.map(({ lastSeq }) => `${lastSeq}-0`)]
    const reply = yield* send<Reply | null>("XREAD", "COUNT", String(pagesPerRead), "STREAMS", ...streams)
    for (const log of batch) {
      const pages = reply?.[keyOf(log.runId)] ?? []
      const before = log.lastSeq
      for (const page of pages) log.copy(entriesOf(page))
      more ||= pages.length === pagesPerRead && log.lastSeq > before
    }
  }
  return more
})
