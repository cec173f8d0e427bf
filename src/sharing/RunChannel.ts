/**
 * What replicas tell each other about runs, on one Redis channel that all of them hear: which runs are read here, and that
 * one is to be cancelled. A message that nobody hears is lost: readings are said again each second, a cancel is answered.
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
/** Until the next try to listen, when Redis has refused. */
const retryDelay = "1 second"

export const RunMessage = Schema.TaggedUnion({
  Reading: { runs: Schema.Array(RunId) },
  Cancel: { run: RunId, ask: Schema.String },
  /** Only the replica that executes the run answers. */
  Cancelled: { ask: Schema.String, cancelled: Schema.Boolean },
})
export type RunMessage = typeof RunMessage.Type

const json = Schema.fromJsonString(RunMessage)
const encode = Schema.encodeSync(json)
const decode = Schema.decodeUnknownOption(json)

/** Fails also when nobody listens, this process included. */
export const say = ({ send }: Redis.Redis["Service"], message: RunMessage) =>
  Effect.flatMap(send<number>("PUBLISH", channel, encode(message)), (heard) =>
    heard > 0
      ? Effect.void
      : Effect.fail(new Redis.RedisError({ cause: new Error("Redis: nobody listens") })),
  )

/** Hears until the scope closes, also over connections that break. `hear` must not wait. */
export const listen = (redis: Redis.Redis["Service"], handle: (message: RunMessage) => Effect.Effect<void>) =>
  Effect.flatMap(redis.subscribe(channel), (messages) =>
    Effect.forever(
      Effect.flatMap(Queue.take(messages), ({ message }) =>
        // Ignore the messages of other versions of this service.
        Option.match(decode(message), { onNone: () => Effect.void, onSome: handle }),
      ),
    ),
  ).pipe(Effect.scoped, (listening) => Loop.every("run_channel", Schedule.spaced(retryDelay), listening))
