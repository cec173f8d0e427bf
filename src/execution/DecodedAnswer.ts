/**
 * The events of an upstream's answer. All bytes that have arrived are decoded at once, so the turn wakes once per
 * read of the socket, not per event. Every executor over `UpstreamHttp` uses it.
 *
 * An answer ends where its decoder ends it, even if the connection stays open. After a finish reason it always ends:
 * when the body ends, when the connection breaks, or after a time limit.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { refusedEncoding } from "./AnswerEncoding.ts"
import { type ExecutionError, UpstreamGarbled, UpstreamTruncated } from "./ExecutionError.ts"
import type { ExecutionEvent } from "./Executor.ts"
import type { Answer } from "./UpstreamHttp.ts"

export interface Decoded {
  readonly events: ReadonlyArray<ExecutionEvent>
  /** Follows `events` and ends the answer. */
  readonly error: ExecutionError | undefined
}

export interface Decoder {
  /** Takes the chunks of an answer in order. */
  readonly feed: (chunk: Uint8Array) => Decoded
  /** Called once, at the end of the body. After a finish reason also if the connection broke. */
  readonly end: () => Decoded
  /** The last events of an answer whose connection broke, such as calls that may have run. */
  readonly broken?: () => ReadonlyArray<ExecutionEvent>
  /** The limit for the bytes of an answer, for a wire with a limit of its own. */
  readonly mostBytes?: number
  /** The number of finish reasons, plus texts after one, on wires that may send more after one. */
  readonly finishes?: number
  /** The finish reason may not be final: text arrived with it or after it, or there is none yet. */
  readonly mayGoOn?: boolean
}

/** Usage and the last line arrive at once after a finish reason, or are not worth the wait. */
const closingMs = 1500
/** Some servers send `stop` with every chunk, even while the model thinks. */
const longClosingMs = 6000

/** Several times the byte limit of a run's log. Pings, comments and skipped events count here. */
const mostBytes = 64 * 1024 * 1024

const decodeAll = (decoder: Decoder, chunks: ReadonlyArray<Uint8Array>): Decoded => {
  const all: Array<ExecutionEvent> = []
  for (const chunk of chunks) {
    const { error, events } = decoder.feed(chunk)
    for (const event of events) all.push(event)
    if (error !== undefined) return { events: all, error }
  }
  return { events: all, error: undefined }
}

type Events = Pull.Pull<Arr.NonEmptyReadonlyArray<ExecutionEvent>, ExecutionError>

const nothing = () => Effect.void

/**
 * `onFailure` runs before the answer fails with its decoder's error. `longestClosingMs` must be less than any clock
 * of the attempt.
 */
export const events = (
  upstream: string,
  answer: Answer,
  decoder: Decoder,
  onFailure: (error: ExecutionError) => Effect.Effect<void> = nothing,
  longestClosingMs = Number.POSITIVE_INFINITY,
): Stream.Stream<ExecutionEvent, ExecutionError> => {
  /** If set, the next pull returns it and does not read from the upstream. */
  let last: Pull.Pull<never, ExecutionError> | undefined = refusedEncoding(upstream, answer)
  let finishes = 0
  let closesAt = 0
  let bytes = 0
  const limit = decoder.mostBytes ?? mostBytes
  const decode = (chunks: ReadonlyArray<Uint8Array>): Decoded => {
    for (const chunk of chunks) bytes += chunk.length
    return bytes > limit
      ? {
          events: [],
          error: new UpstreamGarbled({ upstream, detail: `an answer of more than ${limit} bytes` }),
        }
      : decodeAll(decoder, chunks)
  }
  const give = ({ error, events }: Decoded, next: Events): Events => {
    if (error !== undefined) last = Effect.andThen(onFailure(error), Effect.fail(error))
    else if (events.at(-1)?._tag === "Finished") {
      last = Cause.done()
      answer.drain()
    }
    return Arr.isReadonlyArrayNonEmpty(events) ? Effect.succeed(events) : next
  }
  const ended = (): Events => {
    last = Cause.done()
    return give(decoder.end(), pull)
  }
  const brokeOff = (cause: Cause.Cause<ExecutionError | Cause.Done>): Events => {
    last = Effect.failCause(cause)
    const events = Cause.hasInterrupts(cause) ? [] : (decoder.broken?.() ?? [])
    return Arr.isReadonlyArrayNonEmpty(events) ? Effect.succeed(events) : last
  }
  const isFinished = () => (decoder.finishes ?? 0) > 0
  const read: Events = Effect.suspend(
    () =>
      last ??
      Effect.matchCauseEffect(answer.pull, {
        onSuccess: (chunks) => give(decode(chunks), (decoder.finishes ?? 0) === finishes ? read : pull),
        onFailure: (cause) => {
          const isWhole = Pull.isDoneCause(cause) || (isFinished() && !Cause.hasInterrupts(cause))
          return isWhole ? ended() : brokeOff(Cause.map(cause, broken(upstream)))
        },
      }),
  )
  /** One timer for everything between a finish reason and the end. */
  const closing = Clock.clockWith((clock) => {
    const now = monotonicMillis(clock)
    const count = decoder.finishes ?? 0
    const usual = decoder.mayGoOn === true ? longClosingMs : closingMs
    if (count !== finishes) closesAt = now + Math.min(usual, longestClosingMs)
    finishes = count
    return Effect.timeoutOrElse(read, { duration: Math.max(closesAt - now, 0), orElse: () => ended() })
  })
  const pull: Events = Effect.suspend(() => (last === undefined && isFinished() ? closing : read))
  return Stream.fromPull(Effect.succeed(pull))
}

const broken = (upstream: string) => (cause: unknown) => new UpstreamTruncated({ upstream, cause })
