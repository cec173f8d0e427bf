/**
 * A run's events as a streamed response, in any output protocol: a cursor on the log, written page by page, whole events only.
 * A connection has no fiber and no timer beside the fiber that writes it. A slow reader holds only its cursor. A reader at the
 * end of an ended run gets 204, at which EventSource stops.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Encoder, OutputProtocol, StreamError } from "../protocol/Encoder.ts"
import type { Source } from "../chat/RunReader.ts"
import type { Run } from "../domain/Run.ts"
import * as RunPages from "../store/RunPages.ts"
import type { Pages } from "../store/RunPages.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as IdleTimers from "../platform/IdleTimers.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import { highestSeq } from "../runs/RunLog.ts"
import type { FollowedRun } from "../sharing/SharedLogs.ts"
import type { Reader, Readers } from "./Readers.ts"

type Live = Extract<Source, { readonly _tag: "Live" }>
type Stored = Extract<Source, { readonly _tag: "Stored" }>

/** One reader of one run, in one protocol. */
export interface Reading {
  readonly run: Run
  readonly source: Source
  readonly after: number
  readonly protocol: OutputProtocol
  readonly readers: Readers
  /** The expiry of the reader's token, epoch milliseconds. The stream ends soon after it; the run continues. */
  readonly until: () => number
  /** Runs when the client closes the connection of a live run, and not when the stream ends. */
  readonly onLeave?: Effect.Effect<unknown>
}

/** Limit of one write, and so of the memory that a reader costs while it takes nothing. */
const pageBytes = 64 * 1024

const closing: StreamError = {
  code: "SHUTTING_DOWN",
  message:
    "This server is being stopped. The run continues: resume after the last event, or load the session later.",
}

const expired: StreamError = {
  code: "AUTH_TOKEN_EXPIRED",
  message:
    "The token of this stream has expired, or its API key is no longer valid. The run continues: resume after the last event with a new token, or load the session later.",
}

/** The store failed, and it holds the events that the reader needs next. */
const unreadable: StreamError = {
  code: "EVENTS_UNAVAILABLE",
  message: "The events cannot be read now. Resume after the last event, or load the session later.",
}

/** One write. Empty text: there is nothing to write now. */
interface Write {
  readonly text: string
  readonly ended: boolean
}

/** The reader of one stream. */
interface StreamReader extends Reader {
  /** Counts it as a reader of the run. */
  readonly attach: FollowedRun["attach"]
  /** Also reads events that the log has dropped. */
  readonly pages: Pages
  readonly encoder: Encoder
  readonly onLeave: Effect.Effect<unknown>
  opened: boolean
}

/** A cursor beyond the end belongs to another log: the reader starts at the end of this one. */
const readerOf = (
  { attach, log, pages }: Live,
  { after, onLeave = Effect.void, until }: Reading,
  encoder: Encoder,
): StreamReader => ({
  ...IdleTimers.untouched,
  log,
  attach,
  pages,
  encoder,
  onLeave,
  seq: Math.min(after, log.lastSeq),
  opened: false,
  isDue: false,
  until,
  isExpired: false,
  wake: () => {},
})

/** Encodes a page and moves the cursor. */
const writePage = (reader: StreamReader, page: ReadonlyArray<LogEntry>): Write => {
  const { encoder } = reader
  reader.seq += page.length
  reader.isDue = false
  return { text: encoder.frames(page), ended: encoder.ended }
}

const lastWrite = ({ encoder, seq }: StreamReader, error: StreamError): Write => ({
  text: encoder.closing(error, seq),
  ended: true,
})

/** True when the reader's next page is in the store: the log has dropped it, and the reader still has access. */
const isFarBehind = ({ isExpired, log, opened, seq }: StreamReader): boolean =>
  opened && !isExpired && log.lastSeq > seq && !log.holds(seq)

const writeFromStore = (reader: StreamReader): Effect.Effect<Write> =>
  Effect.match(reader.pages(reader.seq), {
    onSuccess: (page) => writePage(reader, page),
    onFailure: () => lastWrite(reader, unreadable),
  })

/** The write that is due now, if any. Moves the cursor. */
const nextWrite = (reader: StreamReader, readers: Readers): Write => {
  const { encoder, log, seq } = reader
  if (!reader.opened) {
    reader.opened = true
    return { text: encoder.opening(seq), ended: false }
  }
  // First, so that a reader with a backlog ends too.
  if (reader.isExpired) return lastWrite(reader, expired)
  if (log.lastSeq > seq) return writePage(reader, log.read(seq, pageBytes))
  if (readers.isClosing()) return lastWrite(reader, closing)
  if (!reader.isDue) return { text: "", ended: log.ended }
  reader.isDue = false
  return { text: encoder.heartbeat(seq), ended: false }
}

/** Waits until a write is due. Events that are added together wake the reader once. */
const whenDue = (reader: Reader, readers: Readers): Effect.Effect<void> =>
  Effect.callback((resume) => {
    // It became due meanwhile, or the last page held nothing for this protocol.
    if (reader.log.lastSeq > reader.seq || reader.isDue || reader.isExpired || readers.isClosing())
      return resume(Effect.void)
    const off = reader.log.onNext(() => reader.wake())
    // Not an arrow assigned to a property: V8 allocates such a function in the old space at once (decision 28).
    const wake = () => {
      off()
      resume(Effect.void)
    }
    reader.wake = wake
    return Effect.sync(off)
  })

const entering = (reader: StreamReader, readers: Readers): Effect.Effect<void, never, Scope.Scope> =>
  Effect.map(reader.attach, () => readers.enter(reader))

/**
 * V8 may retain a stream's functions for a while after its end (decision 28), so they refer to the reader, not to its log,
 * and release the reader when it leaves.
 */
const liveStream = (source: Live, options: Reading, encoder: Encoder) => {
  const { readers } = options
  let entered: StreamReader | undefined = readerOf(source, options, encoder)
  let ended = false
  const emit = (reader: StreamReader, write: Write): Pull.Pull<readonly [Uint8Array]> => {
    ended = write.ended
    if (write.text === "") return ended ? Cause.done() : Effect.flatMap(whenDue(reader, readers), () => pull)
    readers.wrote(reader)
    return Effect.succeed([Buffer.from(write.text)] as const)
  }
  const pull: Pull.Pull<readonly [Uint8Array]> = Effect.suspend(() => {
    const reader = entered
    if (reader === undefined || ended) return Cause.done()
    if (isFarBehind(reader)) return Effect.flatMap(writeFromStore(reader), (write) => emit(reader, write))
    return emit(reader, nextWrite(reader, readers))
  })
  const enter = Effect.suspend(() => (entered === undefined ? Effect.void : entering(entered, readers)))
  const leave = Effect.suspend(() => {
    const reader = entered
    entered = undefined
    if (reader === undefined) return Effect.void
    readers.leave(reader)
    // The protocol may be unable to express the rest of the run; then its stream ends first, and the reader has left.
    const isOver = reader.log.ended || reader.isExpired || readers.isClosing()
    return isOver ? Effect.void : reader.onLeave
  })
  const opened = Effect.flatMap(Effect.scope, (scope) =>
    Effect.as(Effect.andThen(Scope.addFinalizer(scope, leave), enter), Stream.fromPull(Effect.succeed(pull))),
  )
  return Stream.unwrap(opened)
}

/** The terminal event. If its number is unknown it gets the highest: see `isAtEnd`. */
const endAfter = ({ end, isEndUnknown }: Stored, seq: number): ReadonlyArray<LogEntry> =>
  end === undefined ? [] : [{ seq: isEndUnknown === true ? highestSeq : seq + 1, event: end }]

/** Reads and encodes page by page, as the reader takes them, so that a replay does not cost its whole size in memory. */
const storedStream = (source: Stored, { after, readers, until }: Reading, encoder: Encoder) => {
  let total = 0
  const last = (error: StreamError, seq: number) =>
    [[Buffer.from(encoder.closing(error, seq))], Option.none<number>()] as const
  const page = (seq: number) =>
    Effect.flatMap(source.pages(seq), (entries) => {
      const isLast = entries.length === 0
      const bytes = Buffer.from(encoder.frames(isLast ? endAfter(source, seq) : entries))
      const next = encoder.ended || isLast ? Option.none<number>() : Option.some(entries.at(-1)!.seq)
      total += bytes.length
      const written = [bytes.length === 0 ? [] : [bytes], next] as const
      return Effect.as(readers.pace(total, bytes.length) ?? Effect.void, written)
    })
  const pages = Stream.paginate(after, (seq) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      seq > after && now >= until()
        ? Effect.succeed(last(expired, seq))
        : Effect.orElseSucceed(page(seq), () => last(unreadable, seq)),
    ),
  )
  return Stream.concat(Stream.make(Buffer.from(encoder.opening(after))), pages)
}

const headers = (run: Run) => ({
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-run-id": run.id,
  "x-session-id": run.sessionId,
  "x-execution-mode": run.decision.order[0],
})

/**
 * True when the reader has the whole run. After a terminal event with a guessed number it would get a new end on each
 * reconnect, and EventSource reconnects until it gets 204: no event has a number above the highest.
 */
const isAtEnd = ({ after, source }: Reading): boolean => {
  if (source._tag === "Live") return source.log.ended && after >= source.log.lastSeq
  return source.end === undefined || (source.isEndUnknown === true && after >= highestSeq)
}

/** The encoder of the stream. A stateful one first reads the events that the client has. */
const encoderOf = ({ after, protocol, run, source }: Reading): Effect.Effect<Encoder, StoreError> => {
  const encoder = protocol.encoder(run)
  if (encoder.skip === undefined) return Effect.succeed(encoder)
  const skip = (entry: LogEntry): void => encoder.skip?.(entry)
  return Effect.as(RunPages.each(source.pages, 0, after, skip), encoder)
}

/** Fails when a stateful protocol needs earlier events and the store cannot be read. */
export const respond = (
  options: Reading,
): Effect.Effect<HttpServerResponse.HttpServerResponse, StoreError> => {
  if (isAtEnd(options)) return Effect.succeed(nothingMore(options.run))
  return Effect.map(encoderOf(options), (encoder) =>
    encoder.ended ? nothingMore(options.run) : streamed(options, encoder),
  )
}

const nothingMore = (run: Run) => HttpServerResponse.empty({ status: 204, headers: headers(run) })

const streamed = (options: Reading, encoder: Encoder) => {
  const { protocol, run, source } = options
  return HttpServerResponse.stream(
    source._tag === "Live" ? liveStream(source, options, encoder) : storedStream(source, options, encoder),
    { contentType: protocol.contentType, headers: { ...headers(run), ...protocol.headers } },
  )
}
