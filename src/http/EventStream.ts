/**
 * A run's events as an SSE response: a cursor on the log, written chunk by chunk, whole events only. One fiber and one
 * timer a connection (the heartbeat), none per event. The cursor is all that a slow reader holds.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Frame from "../agent2ui/Frame.ts"
import { downlevel } from "../agent2ui/Legacy.ts"
import type { Source } from "../chat/RunReader.ts"
import type { RunId } from "../domain/Ids.ts"
import { monotonicMillis } from "../domain/Monotonic.ts"
import type { Run } from "../domain/Run.ts"
import { frameOf, isTerminal, type LogEntry } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import type { ReaderLag } from "./ReaderLag.ts"
import type { FollowedRun } from "../sharing/SharedLogs.ts"

export type Protocol = 1 | 2

export interface Options {
  readonly run: Run
  readonly source: Source
  readonly after: number
  readonly protocol: Protocol
  readonly heartbeatMs: number
  /** Succeeds when the server is about to close its connections. */
  readonly closed: Effect.Effect<void>
  readonly lag: ReaderLag
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

/**
 * Wakes a reader for the next entry, for a heartbeat when there was none for `interval` milliseconds, or because the
 * server closes and nothing more will come.
 */
const makeReader = (log: RunLog, interval: number, closed: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    let lastWrite = monotonicMillis(clock)
    let beat = false
    let over = false
    let wake = () => {}
    const tick: Effect.Effect<never> = Effect.suspend(() => {
      const wait = lastWrite + interval - monotonicMillis(clock)
      if (wait > 0) return Effect.andThen(Effect.sleep(wait), tick)
      beat = true
      lastWrite = monotonicMillis(clock)
      wake()
      return tick
    })
    yield* Effect.forkScoped(tick)
    const close = Effect.sync(() => {
      over = true
      wake()
    })
    yield* Effect.forkScoped(Effect.andThen(closed, close))
    const wait = (after: number) =>
      Effect.callback<"entries" | "heartbeat" | "closed">((resume) => {
        const answer = () => {
          const silent = over ? "closed" : "heartbeat"
          const woken = (over || beat) && log.lastSeq <= after ? silent : "entries"
          beat = false
          wake = () => {}
          lastWrite = monotonicMillis(clock)
          resume(Effect.succeed(woken))
        }
        if (over || beat || log.lastSeq > after) return answer()
        const off = log.onNext(answer)
        wake = answer
        return Effect.sync(off)
      })
    return wait
  })

/** A cursor beyond the end can only come from elsewhere: it starts where the log is now. */
const live = (
  { attach, log }: FollowedRun,
  after: number,
  { closed, heartbeatMs, lag, protocol }: Pick<Options, "closed" | "heartbeatMs" | "lag" | "protocol">,
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* attach
      if (log.ended && after >= log.lastSeq) return Stream.empty
      const wait = yield* makeReader(log, heartbeatMs, closed)
      const reading = yield* lag.reading(log, after)
      return Stream.paginate(Math.min(after, log.lastSeq), (cursor) => {
        reading.seq = cursor
        return Effect.map(wait(cursor), (woken) => {
          if (woken === "heartbeat") return [joined([Frame.heartbeat]), Option.some(cursor)] as const
          if (woken === "closed")
            return [joined([closing(log.runId, cursor)]), Option.none<number>()] as const
          const page = log.read(cursor, pageBytes)
          const { ended, frames } = write(log.runId, protocol, page)
          const next = ended ? Option.none<number>() : Option.some(cursor + page.length)
          return [joined(frames), next] as const
        })
      })
    }),
  )

/** Encoded page by page, as the reader takes them: a replay must not cost its size in memory for each reader. */
const kept = (runId: RunId, protocol: Protocol, entries: ReadonlyArray<LogEntry>) =>
  Stream.paginate(0, (from) =>
    Effect.sync(() => {
      const next = from + pageEntries
      const { ended, frames } = write(runId, protocol, entries.slice(from, next))
      const more = ended || next >= entries.length ? Option.none<number>() : Option.some(next)
      return [joined(frames), more] as const
    }),
  )

const headers = (run: Run) => ({
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-run-id": run.id,
  "x-session-id": run.sessionId,
  "x-execution-mode": run.decision.order[0],
})

const opening = Frame.encode([Frame.opening])

export const respond = (options: Options): HttpServerResponse.HttpServerResponse => {
  const { after, protocol, run, source } = options
  const frames =
    source._tag === "Live" ? live(source, after, options) : kept(run.id, protocol, source.entries)
  return HttpServerResponse.stream(Stream.concat(Stream.succeed(opening), frames), {
    contentType: "text/event-stream; charset=utf-8",
    headers: headers(run),
  })
}
