/** Reads the body of an answer with a limit on its bytes and on the upstream's silence. */
import * as Arr from "effect/Array"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { Answer, TransportFailed } from "./UpstreamHttp.ts"

/** The body is larger or slower than allowed. */
export class BodyRefused extends Data.TaggedError("BodyRefused")<{ readonly reason: "idle" | "large" }> {}

export interface Limits {
  readonly bytes: number
  /** Counts only the upstream's time, not a slow reader's. */
  readonly idle: Duration.Input
}

export const stream = (
  { pull }: Pick<Answer, "pull">,
  { bytes, idle }: Limits,
): Stream.Stream<Uint8Array, BodyRefused | TransportFailed> => {
  let left = bytes
  const bounded: Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, BodyRefused | TransportFailed> = pull.pipe(
    Effect.timeoutOrElse({
      duration: idle,
      orElse: () => Effect.fail(new BodyRefused({ reason: "idle" })),
    }),
    Effect.flatMap((chunks) => {
      for (const chunk of chunks) left -= chunk.length
      return left < 0 ? Effect.fail(new BodyRefused({ reason: "large" })) : Effect.succeed(chunks)
    }),
  )
  return Stream.fromPull(Effect.succeed(bounded))
}

/** The whole body as text. */
export const text = (answer: Pick<Answer, "pull">, limits: Limits) =>
  Effect.map(Stream.runCollect(stream(answer, limits)), (chunks) => Buffer.concat(chunks).toString("utf8"))
