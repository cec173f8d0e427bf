/**
 * A run's events as an SSE response: a cursor on the log, written chunk by chunk, whole events only. No fiber and no timer of
 * a connection's own beside the one that writes it. The cursor is all that a slow reader holds.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Frame from "../agent2ui/Frame.ts"
import { downlevel } from "../agent2ui/Legacy.ts"
import type { Source } from "../chat/RunReader.ts"
import type { RunId } from "../domain/Ids.ts"
import type { Run } from "../domain/Run.ts"
import * as Overdue from "../runs/Overdue.ts"
import { frameOf, isTerminal, type LogEntry } from "../runs/RunEvent.ts"
import type { FollowedRun } from "../sharing/SharedLogs.ts"
import type { Reader, Readers } from "./Readers.ts"

export type Protocol = 1 | 2

export interface Options {
  readonly run: Run
  readonly source: Source
  readonly after: number
  readonly protocol: Protocol
  readonly readers: Readers
}

/** What one write to a reader holds, at the most: all that a reader who takes nothing costs in this process. */
const pageBytes = 64 * 1024
const pageEntries = 64

/** The frames of some entries, and whether the last of them ended the stream. */
interface Written {
  readonly frames: ReadonlyArray<string>
  readonly ended: boolean
}

/** One write to the socket, one chunk of HTTP: each of them costs as much as the frames in it. */
const joined = (frames: ReadonlyArray<string>): ReadonlyArray<Uint8Array> =>
  frames.length === 0 ? [] : [Frame.encode(frames)]

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

const write = (runId: RunId, protocol: Protocol, entries: ReadonlyArray<LogEntry>): Written => {
  const frames: Array<string> = []
  for (const entry of entries) {
    const { event, seq } = entry
    if (protocol === 2 || event.event !== "message") {
      frames.push(frameOf(runId, entry))
      if (isTerminal(event)) return { frames, ended: true }
    } else {
      const old = downlevel(event.data)
      if (old._tag === "Send")
        frames.push(Frame.frame(Frame.eventId(runId, seq), "message", JSON.stringify(old.message)))
      if (old._tag === "End") return { frames: [...frames, cannotRetract(runId, seq)], ended: true }
    }
  }
  return { frames, ended: false }
}

/** The reader of one stream. */
interface Reading extends Reader {
  /** Counts it as one that reads the run. */
  readonly attach: FollowedRun["attach"]
  /** The first word was written. */
  opened: boolean
}

/** A cursor beyond the end can only come from elsewhere: it starts where the log is now. */
const readingOf = ({ attach, log }: FollowedRun, after: number): Reading => ({
  ...Overdue.untouched,
  log,
  attach,
  seq: Math.min(after, log.lastSeq),
  opened: false,
  isDue: false,
  wake: () => {},
})

/** What a reader that was woken, or asks anew, gets now; nothing when there is nothing. Moves its cursor. */
const taken = (reader: Reading, readers: Readers, protocol: Protocol): Written => {
  const { log, seq } = reader
  if (!reader.opened) {
    reader.opened = true
    return { frames: [Frame.opening], ended: false }
  }
  if (log.lastSeq > seq) {
    const page = log.read(seq, pageBytes)
    reader.seq = seq + page.length
    reader.isDue = false
    return write(log.runId, protocol, page)
  }
  if (readers.isClosing()) return { frames: [closing(log.runId, seq)], ended: true }
  if (!reader.isDue) return { frames: [], ended: log.ended }
  reader.isDue = false
  return { frames: [Frame.heartbeat], ended: false }
}

/** Waits until there is something, and is woken once for all that comes together. */
const woken = (reader: Reader, readers: Readers): Effect.Effect<void> =>
  Effect.callback((resume) => {
    // It has come meanwhile, or behind a page of which nothing was for this reader.
    if (reader.log.lastSeq > reader.seq || reader.isDue || readers.isClosing()) return resume(Effect.void)
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
 * What a stream's functions refer to may outlive it (decision 28), so they refer to the reader, and not to its log: it goes when
 * it has left.
 */
const live = (followed: FollowedRun, { after, protocol, readers }: Options) => {
  let reader: Reading | undefined = readingOf(followed, after)
  let ended = false
  const pull: Pull.Pull<readonly [Uint8Array]> = Effect.suspend(() => {
    if (reader === undefined || ended) return Cause.done()
    const now = taken(reader, readers, protocol)
    ended = now.ended
    if (now.frames.length === 0)
      return ended ? Cause.done() : Effect.flatMap(woken(reader, readers), () => pull)
    readers.wrote(reader)
    return Effect.succeed([Frame.encode(now.frames)] as const)
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

const opening = Frame.encode([Frame.opening])

/** Encoded page by page, as the reader takes them: a replay must not cost its size in memory for each reader. */
const kept = (runId: RunId, protocol: Protocol, entries: ReadonlyArray<LogEntry>) =>
  Stream.paginate(0, (from) =>
    Effect.sync(() => {
      const next = from + pageEntries
      const { ended, frames } = write(runId, protocol, entries.slice(from, next))
      const more = ended || next >= entries.length ? Option.none<number>() : Option.some(next)
      return [from === 0 ? [opening, ...joined(frames)] : joined(frames), more] as const
    }),
  )

const headers = (run: Run) => ({
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-run-id": run.id,
  "x-session-id": run.sessionId,
  "x-execution-mode": run.decision.order[0],
})

export const respond = (options: Options): HttpServerResponse.HttpServerResponse => {
  const { protocol, run, source } = options
  const frames = source._tag === "Live" ? live(source, options) : kept(run.id, protocol, source.entries)
  return HttpServerResponse.stream(frames, {
    contentType: "text/event-stream; charset=utf-8",
    headers: headers(run),
  })
}
