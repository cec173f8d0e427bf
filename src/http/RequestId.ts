/** The arrival of a request, with its id in logs and upstreams: the caller's `X-Request-ID` if it is valid, else a new one. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SpanContext } from "../telemetry/Spans.ts"

/**
 * The id and the arrival time of the request, and its caller's span. One value, because a context with more than eight values
 * of its own copies all services of the process.
 */
export const Arrived = Context.Reference<{
  readonly requestId: string
  /** Nanoseconds of the wall clock. */
  readonly at: bigint
  /** Nanoseconds of the monotonic clock. */
  readonly monotonicAt: bigint
  readonly parent: SpanContext | undefined
}>("crossfade/http/Arrived", {
  defaultValue: () => ({ requestId: "", at: 0n, monotonicAt: 0n, parent: undefined }),
})

export const currentRequestId = Effect.map(Arrived, ({ requestId }) => requestId)

/** Short, and of characters that mean nothing in a header, a log line or a shell. */
export const isSane = (text: string): boolean => /^[A-Za-z0-9._:-]{1,128}$/.test(text)
