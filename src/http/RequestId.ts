/** The id that follows a request through logs and upstreams: the caller's `X-Request-ID` where it is sane, else a new one. */
import * as Context from "effect/Context"

export const RequestId = Context.Reference<string>("crossfade/http/RequestId", { defaultValue: () => "" })

/** When the request came, in nanoseconds of the wall clock. */
export const Arrived = Context.Reference<bigint>("crossfade/http/Arrived", { defaultValue: () => 0n })

/** Short, and of characters that mean nothing in a header, a log line or a shell. */
export const isSane = (text: string): boolean => /^[A-Za-z0-9._:-]{1,128}$/.test(text)
