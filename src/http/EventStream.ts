/**
 * A run's events as an SSE response: a cursor on the log, written chunk by chunk, whole events only. No fiber and no timer of
 * a connection's own beside the one that writes it. The cursor is all that a slow reader holds. A reader at the end of an
 * ended run gets 204, at which EventSource and its kin stop.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Frame from "../protocol/agent2ui/Frame.ts"
import { Downlevel } from "../protocol/agent2ui/Version1.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
import type { Source } from "../chat/RunReader.ts"
import type { RunId } from "../domain/Ids.ts"
import type { Protocol } from "../domain/Protocol.ts"
import type { Run } from "../domain/Run.ts"
import * as RunPages from "../store/RunPages.ts"
import type { Pages } from "../store/RunPages.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as IdleTimers from "../platform/IdleTimers.ts"
import { frameOf, isTerminal, type LogEntry } from "../runs/RunEvent.ts"
import { highestSeq } from "../runs/RunLog.ts"
import type { FollowedRun } from "../sharing/SharedLogs.ts"
import type { Reader, Readers } from "./Readers.ts"

type Live = Extract<Source, { readonly _tag: "Live" }>
type Stored = Extract<Source, { readonly _tag: "Stored" }>

export interface Options {
  readonly run: Run
  readonly source: Source
  readonly after: number
  readonly protocol: Protocol
  readonly readers: Readers
  /** When the reader's token ends, epoch milliseconds. The stream ends soon after it; the run goes on. */
  readonly until: () => number
}

/** Limit of one write. A reader that takes nothing costs no more than this. */
const pageBytes = 64 * 1024

/** The frames of some entries, and whether the last of them ended the stream. */
interface Written {
  readonly frames: ReadonlyArray<string>
  readonly ended: boolean
}

/** The last word of a connection whose run says something else. */
const lastWord = (runId: RunId, seq: number, code: string, message: string): string =>
  Frame.frame(Frame.eventId(runId, seq), "error", JSON.stringify({ code, message, runId, recoverable: true }))

/** To an old client, where shown text would have to be taken back. */
const cannotRetract = (runId: RunId, seq: number): string =>
  lastWord(runId, seq, "ANSWER_RETRACTED", "The answer had to be begun again. Send the message again.")

/** With the id of what was seen last, so that the reader goes on from there. */
const closing = (runId: RunId, seq: number): string =>
  lastWord(
    runId,
    seq,
    "SHUTTING_DOWN",
    "This server is being stopped, and the answer goes on elsewhere. Read on from the last event.",
  )

/** The same, for a reader whose token has ended. */
const expired = (runId: RunId, seq: number): string =>
  lastWord(
    runId,
    seq,
    "AUTH_TOKEN_EXPIRED",
    "The token that opened this stream has expired, or its API key is no longer valid; the answer goes on. Read on from the last event with a new one.",
  )

/** The same where the store does not give the events that the reader lacks. */
const unreadable = (runId: RunId, seq: number): string =>
  lastWord(runId, seq, "EVENTS_UNAVAILABLE", "The events cannot be read now. Read on from the last event.")

/**
 * One event may be two frames for protocol 1. Only the last has the event's id, so a reader that is cut between them gets
 * both again.
 */
const oldFrames = (runId: RunId, seq: number, messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  messages.map((message, index) => {
    const id = Frame.eventId(runId, index === messages.length - 1 ? seq : seq - 1)
    return Frame.frame(id, "message", JSON.stringify(message))
  })

/** `old` is there for a reader of protocol 1. */
const write = (runId: RunId, old: Downlevel | undefined, entries: ReadonlyArray<LogEntry>): Written => {
  const frames: Array<string> = []
  for (const entry of entries) {
    const { event, seq } = entry
    if (old === undefined || event.event !== "message") {
      frames.push(frameOf(runId, entry))
      if (isTerminal(event)) return { frames, ended: true }
    } else {
      frames.push(...oldFrames(runId, seq, old.messages(event.data)))
      if (old.retracted) return { frames: [...frames, cannotRetract(runId, seq)], ended: true }
    }
  }
  return { frames, ended: false }
}

/** For a reader of protocol 1, with what its earlier connections were given. */
const downlevelAfter = (pages: Pages, after: number): Effect.Effect<Downlevel, StoreError> => {
  const old = new Downlevel()
  const see = ({ event }: LogEntry): void => {
    if (event.event === "message") old.messages(event.data)
  }
  return Effect.as(RunPages.each(pages, 0, after, see), old)
}

/** The reader of one stream. */
interface Reading extends Reader {
  /** Counts it as one that reads the run. */
  readonly attach: FollowedRun["attach"]
  /** Also of what the log has forgotten. */
  readonly pages: Pages
  readonly old: Downlevel | undefined
  /** The first word was written. */
  opened: boolean
}

/** A cursor beyond the end can only come from elsewhere: it starts where the log is now. */
const readingOf = (
  { attach, log, pages }: Live,
  { after, until }: Options,
  old: Downlevel | undefined,
): Reading => ({
  ...IdleTimers.untouched,
  log,
  attach,
  pages,
  old,
  seq: Math.min(after, log.lastSeq),
  opened: false,
  isDue: false,
  until,
  isExpired: false,
  wake: () => {},
})

/** Takes a page, and moves the cursor. */
const takenOf = (reader: Reading, page: ReadonlyArray<LogEntry>): Written => {
  reader.seq += page.length
  reader.isDue = false
  return write(reader.log.runId, reader.old, page)
}

/** True when the next page of the reader is in the store: it is far behind, and still has access. */
const isFarBehind = ({ isExpired, log, opened, seq }: Reading): boolean =>
  opened && !isExpired && log.lastSeq > seq && !log.holds(seq)

/** The next page from the store. */
const takenFromStore = (reader: Reading): Effect.Effect<Written> =>
  Effect.match(reader.pages(reader.seq), {
    onSuccess: (page) => takenOf(reader, page),
    onFailure: () => ({ frames: [unreadable(reader.log.runId, reader.seq)], ended: true }),
  })

/** Takes the frames that are due now, if any, and moves the cursor. */
const taken = (reader: Reading, readers: Readers): Written => {
  const { log, seq } = reader
  if (!reader.opened) {
    reader.opened = true
    return { frames: [Frame.opening(log.runId, seq)], ended: false }
  }
  // First, so that a reader with a backlog ends too.
  if (reader.isExpired) return { frames: [expired(log.runId, seq)], ended: true }
  if (log.lastSeq > seq) return takenOf(reader, log.read(seq, pageBytes))
  if (readers.isClosing()) return { frames: [closing(log.runId, seq)], ended: true }
  if (!reader.isDue) return { frames: [], ended: log.ended }
  reader.isDue = false
  return { frames: [Frame.heartbeat], ended: false }
}

/** Waits until there is something, and is woken once for all that comes together. */
const woken = (reader: Reader, readers: Readers): Effect.Effect<void> =>
  Effect.callback((resume) => {
    // It has come meanwhile, or behind a page of which nothing was for this reader.
    if (reader.log.lastSeq > reader.seq || reader.isDue || reader.isExpired || readers.isClosing())
      return resume(Effect.void)
    const off = reader.log.onNext(() => reader.wake())
    // Not an arrow assigned to a property: V8 makes such a function old at once (decision 28).
    const wake = () => {
      off()
      resume(Effect.void)
    }
    reader.wake = wake
    return Effect.sync(off)
  })

const entering = (reader: Reading, readers: Readers): Effect.Effect<void, never, Scope.Scope> =>
  Effect.map(reader.attach, () => readers.enter(reader))

/**
 * V8 may keep a stream's functions for a while after it has ended (decision 28), so they refer to the reader, not to its log,
 * and release the reader when it leaves.
 */
const live = (source: Live, options: Options, old: Downlevel | undefined) => {
  const { readers } = options
  let reader: Reading | undefined = readingOf(source, options, old)
  let ended = false
  const given = (one: Reading, now: Written): Pull.Pull<readonly [Uint8Array]> => {
    ended = now.ended
    if (now.frames.length === 0) return ended ? Cause.done() : Effect.flatMap(woken(one, readers), () => pull)
    readers.wrote(one)
    return Effect.succeed([Frame.encode(now.frames)] as const)
  }
  const pull: Pull.Pull<readonly [Uint8Array]> = Effect.suspend(() => {
    const one = reader
    if (one === undefined || ended) return Cause.done()
    if (isFarBehind(one)) return Effect.flatMap(takenFromStore(one), (now) => given(one, now))
    return given(one, taken(one, readers))
  })
  const enter = Effect.suspend(() => (reader === undefined ? Effect.void : entering(reader, readers)))
  const leave = Effect.sync(() => {
    if (reader !== undefined) readers.leave(reader)
    reader = undefined
  })
  const opened = Effect.flatMap(Effect.scope, (scope) =>
    Effect.as(Effect.andThen(Scope.addFinalizer(scope, leave), enter), Stream.fromPull(Effect.succeed(pull))),
  )
  return Stream.unwrap(opened)
}

/** The terminal event. One whose number is unknown gets the highest: `isAtEnd` says why. */
const endAfter = ({ end, isEndUnknown }: Stored, seq: number): ReadonlyArray<LogEntry> =>
  end === undefined ? [] : [{ seq: isEndUnknown === true ? highestSeq : seq + 1, event: end }]

/** Read and encoded page by page, as the reader takes them: a replay must not cost its size in memory for each reader. */
const kept = (
  source: Stored,
  { after, readers, run: { id }, until }: Options,
  old: Downlevel | undefined,
) => {
  let total = 0
  const last = (frame: string) => [[Frame.encode([frame])], Option.none<number>()] as const
  const page = (seq: number) =>
    Effect.flatMap(source.pages(seq), (entries) => {
      const isLast = entries.length === 0
      const { ended, frames } = write(id, old, isLast ? endAfter(source, seq) : entries)
      const next = ended || isLast ? Option.none<number>() : Option.some(entries.at(-1)!.seq)
      const encoded = Frame.encode(frames)
      total += encoded.length
      const given = [frames.length === 0 ? [] : [encoded], next] as const
      return Effect.as(readers.pace(total, encoded.length) ?? Effect.void, given)
    })
  const pages = Stream.paginate(after, (seq) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      seq > after && now >= until()
        ? Effect.succeed(last(expired(id, seq)))
        : Effect.orElseSucceed(page(seq), () => last(unreadable(id, seq))),
    ),
  )
  return Stream.concat(Stream.make(Frame.encode([Frame.opening(id, after)])), pages)
}

const headers = (run: Run) => ({
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-run-id": run.id,
  "x-session-id": run.sessionId,
  "x-execution-mode": run.decision.order[0],
})

/**
 * True when the reader has the whole run. After a terminal event with a guessed number it would get a new end each time it comes
 * back, and EventSource comes back until it gets 204: no reader has seen more than the highest number.
 */
const isAtEnd = ({ after, source }: Options): boolean => {
  if (source._tag === "Live") return source.log.ended && after >= source.log.lastSeq
  return source.end === undefined || (source.isEndUnknown === true && after >= highestSeq)
}

/** Fails when the store does not give the events that a reader of protocol 1 has seen. */
export const respond = (
  options: Options,
): Effect.Effect<HttpServerResponse.HttpServerResponse, StoreError> => {
  const { after, protocol, run, source } = options
  if (isAtEnd(options)) return Effect.succeed(nothingMore(run))
  if (protocol === 2) return Effect.succeed(streamed(options, undefined))
  return Effect.map(downlevelAfter(source.pages, after), (old) =>
    old.retracted ? nothingMore(run) : streamed(options, old),
  )
}

const nothingMore = (run: Run) => HttpServerResponse.empty({ status: 204, headers: headers(run) })

const streamed = (options: Options, old: Downlevel | undefined) => {
  const { run, source } = options
  return HttpServerResponse.stream(
    source._tag === "Live" ? live(source, options, old) : kept(source, options, old),
    {
      contentType: "text/event-stream; charset=utf-8",
      headers: headers(run),
    },
  )
}
