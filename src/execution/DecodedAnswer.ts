/**
 * The events of an upstream's answer: what has come is decoded in one go, so that the turn wakes once for each read of the
 * socket and not for each event. Every executor over `UpstreamHttp` reads through it.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import { refusedEncoding } from "./AnswerEncoding.ts"
import { type ExecutionError, UpstreamTruncated } from "./ExecutionError.ts"
import type { ExecutionEvent } from "./Executor.ts"
import type { Answer } from "./UpstreamHttp.ts"

export interface Decoded {
  readonly events: ReadonlyArray<ExecutionEvent>
  /** Comes after `events`; nothing follows it. */
  readonly error: ExecutionError | undefined
}

export interface Decoder {
  /** Takes the chunks of an answer in their order. */
  readonly feed: (chunk: Uint8Array) => Decoded
  /** Asked once, when there are no more. */
  readonly end: () => Decoded
}

const fed = (decoder: Decoder, chunks: ReadonlyArray<Uint8Array>): Decoded => {
  const all: Array<ExecutionEvent> = []
  for (const chunk of chunks) {
    const { error, events } = decoder.feed(chunk)
    for (const event of events) all.push(event)
    if (error !== undefined) return { events: all, error }
  }
  return { events: all, error: undefined }
}

export const events = (
  upstream: string,
  answer: Answer,
  decoder: Decoder,
): Stream.Stream<ExecutionEvent, ExecutionError> => {
  /** What the next pull gives instead of asking the upstream. */
  let last: Pull.Pull<never, ExecutionError> | undefined = refusedEncoding(upstream, answer)
  const give = ({ error, events }: Decoded) => {
    if (error !== undefined) last = Effect.fail(error)
    return Arr.isReadonlyArrayNonEmpty(events) ? Effect.succeed(events) : pull
  }
  const pull: Pull.Pull<Arr.NonEmptyReadonlyArray<ExecutionEvent>, ExecutionError> = Effect.suspend(
    () =>
      last ??
      Effect.matchCauseEffect(answer.pull, {
        onSuccess: (chunks) => give(fed(decoder, chunks)),
        onFailure: (cause) => {
          if (!Pull.isDoneCause(cause)) return Effect.failCause(Cause.map(cause, broken(upstream)))
          last = Cause.done()
          return give(decoder.end())
        },
      }),
  )
  return Stream.fromPull(Effect.succeed(pull))
}

const broken = (upstream: string) => (cause: unknown) => new UpstreamTruncated({ upstream, cause })
