/** The id that follows a request through logs and upstreams: the caller's `X-Request-ID` where it is sane, else a new one. */
import * as Context from "effect/Context"
import type { SpanContext } from "../telemetry/Spans.ts"

export const RequestId = Context.Reference<string>("crossfade/http/RequestId", { defaultValue: () => "" })

/** When the request came, and where its caller stands in a trace. */
export const Arrived = Context.Reference<{
  /** Nanoseconds of the wall clock. */
  readonly at: bigint
  /** Nanoseconds of the monotonic clock. */
  readonly monotonicAt: bigint
  readonly parent: SpanContext | undefined
}>("crossfade/http/Arrived", { defaultValue: () => ({ at: 0n, monotonicAt: 0n, parent: undefined }) })

/** Short, and of characters that mean nothing in a header, a log line or a shell. */
export const isSane = (text: string): boolean => /^[A-Za-z0-9._:-]{1,128}$/.test(text)
