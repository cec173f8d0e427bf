/** Reads the body of a small answer of another service, with a limit on its bytes. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

export class AnswerTooLarge extends Data.TaggedError("AnswerTooLarge")<{ readonly message: string }> {}

export const boundedBody = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  mostBytes: number,
): Effect.Effect<string, E | AnswerTooLarge> =>
  Effect.map(
    Stream.runFoldEffect(
      bytes,
      () => Buffer.alloc(0),
      (body, chunk) =>
        body.length + chunk.length > mostBytes
          ? Effect.fail(new AnswerTooLarge({ message: `The answer is larger than ${mostBytes} bytes.` }))
          : Effect.succeed(Buffer.concat([body, chunk])),
    ),
    (body) => body.toString("utf8"),
  )
