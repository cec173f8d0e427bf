/**
 * Messages between replicas about runs, on one Redis channel: the runs that a replica reads, and cancels with their answers.
 * Redis may lose a message: replicas repeat their readings every second, and a cancel needs an answer.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import { RunId } from "../domain/Ids.ts"
import * as Loop from "../telemetry/Loop.ts"

const channel = "crossfade:runs"
/** The pause before the next subscription after Redis refused one. */
const retryDelay = "1 second"

const RunMessage = Schema.TaggedUnion({
  Reading: { runs: Schema.Array(RunId) },
  Cancel: { run: RunId, ask: Schema.String },
  /** Only the replica that executes the run answers. */
  Cancelled: { ask: Schema.String, cancelled: Schema.Boolean },
})
type RunMessage = typeof RunMessage.Type

const json = Schema.fromJsonString(RunMessage)
const encode = Schema.encodeSync(json)
const decode = Schema.decodeUnknownOption(json)

/** Also fails when no replica is subscribed, this one included. */
export const publish = ({ send }: Redis.Redis["Service"], message: RunMessage) =>
  Effect.flatMap(send<number>("PUBLISH", channel, encode(message)), (subscribers) =>
    subscribers > 0
      ? Effect.void
      : Effect.fail(new Redis.RedisError({ cause: new Error("Redis: no replica is subscribed") })),
  )

/** Handles messages until the scope closes and resubscribes when a connection breaks. `handle` must not wait. */
export const listen = (redis: Redis.Redis["Service"], handle: (message: RunMessage) => Effect.Effect<void>) =>
  Effect.flatMap(redis.subscribe(channel), (messages) =>
    Effect.forever(
      Effect.flatMap(Queue.take(messages), ({ message }) =>
        // Ignore the messages of other versions of this service.
        Option.match(decode(message), { onNone: () => Effect.void, onSome: handle }),
      ),
    ),
  ).pipe(Effect.scoped, (listening) => Loop.every("run_channel", Schedule.spaced(retryDelay), listening))
