/**
 * Writes a timed stream of events on an exchange, under the current fault: cut at any byte, with pings, slowly, with
 * garbage in between, never, or only half.
 *
 * Invariant: a frame is written in one call, so a ping or an interruption never falls inside it.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { cut, frame, garbage, type LineEnd, ping, type Random } from "./Bytes.ts"
import { type Faults, slowFactor } from "./Faults.ts"
import type { Exchange } from "./Loopback.ts"

export interface Pacing {
  /** Factor of every wait in a script: 1 as written, 0 without waiting. */
  readonly pace: number
  /** sse-starlette's default is 15 000. */
  readonly pingIntervalMs: number
}

export interface Timed {
  readonly afterMs: number
  /** The payload of the `data:` line; `at` is the ISO time of the write. */
  readonly data: (at: string) => string
}

export interface WriterOptions extends Pacing {
  readonly exchange: Exchange
  readonly faults: Faults
  readonly random: Random
  readonly lineEnd: LineEnd
}

const now = Effect.map(DateTime.now, DateTime.formatIso)

/**
 * Waits until the kernel has taken the bytes, so that a slow reader delays the script instead of filling this
 * process's memory.
 */
const drained = ({ response }: Exchange): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (!response.writableNeedDrain) return resume(Effect.void)
    const done = () => resume(Effect.void)
    response.once("drain", done)
    return Effect.sync(() => response.off("drain", done))
  })

const write = (options: WriterOptions, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { response } = options.exchange
    if (response.destroyed) return Effect.interrupt
    for (const piece of cut(bytes, options.random)) response.write(piece)
    return drained(options.exchange)
  })

/** Half of the bytes reach the client, then the connection closes. */
const breakOff = (options: WriterOptions, bytes: Uint8Array): Effect.Effect<never> =>
  Effect.callback((resume) => {
    const { response } = options.exchange
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => {
      response.destroy()
      resume(Effect.interrupt)
    })
  })

/** Waits for the time in a script, at this server's pace and under its current fault. */
export const wait = (options: Pick<WriterOptions, "faults" | "pace">, afterMs: number): Effect.Effect<void> =>
  Effect.flatMap(options.faults.current, ({ fault }) => {
    const millis = afterMs * options.pace * (fault === "slow" ? slowFactor : 1)
    return millis > 0 ? Effect.sleep(millis) : Effect.yieldNow
  })

const writeOne = Effect.fnUntraced(function* (options: WriterOptions, event: Timed, index: number) {
  yield* wait(options, event.afterMs)
  const { fault, afterEvents } = yield* options.faults.current
  if (fault === "hang") return yield* Effect.never
  const bytes = frame(options.lineEnd, event.data(yield* now))
  if (fault === "cut" && index >= afterEvents) return yield* breakOff(options, bytes)
  if (fault === "garbage" && index >= afterEvents) yield* write(options, garbage(options.lineEnd, index))
  yield* write(options, bytes)
})

/** Writes the events one after another. */
export const writeAll = (options: WriterOptions, events: ReadonlyArray<Timed>): Effect.Effect<void> =>
  Effect.forEach(events, (event, index) => writeOne(options, event, index), { discard: true })

const pings = (options: WriterOptions): Effect.Effect<never> =>
  Effect.sleep(options.pingIntervalMs).pipe(
    Effect.andThen(now),
    Effect.flatMap((at) => write(options, ping(options.lineEnd, at))),
    Effect.forever,
  )

/** Sends the headers, runs `body` with pings beside it, then closes the stream with `data: [DONE]`. */
export const eventStream = (options: WriterOptions, body: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.sync(() => {
    options.exchange.response
      .writeHead(200, {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      })
      .flushHeaders()
  }).pipe(
    Effect.andThen(Effect.raceFirst(body, pings(options))),
    Effect.andThen(write(options, frame(options.lineEnd, "[DONE]"))),
    Effect.andThen(Effect.sync(() => options.exchange.response.end())),
  )
