/**
 * `SharedLogs` over Redis. A replica that wants to read a run says so on the channel; the one that executes it then writes
 * its log to a stream, which the first one polls into a mirror. A cancel is said and answered on the same channel.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { RunId } from "../domain/Ids.ts"
import { Runs } from "../store/Runs.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import type { RunLog } from "../runs/RunLog.ts"
import * as RemoteRunLogs from "./RemoteRunLogs.ts"
import * as RemoteReaders from "./RemoteReaders.ts"
import * as RunChannel from "./RunChannel.ts"
import { RunElsewhere, SharedLogs } from "./SharedLogs.ts"

/** A replica that lives answers within a tenth of it; a reader may come again. */
const followPatience = "2 seconds"
/** The run's end is stored first. */
const cancelPatience = "5 seconds"

const reached = (log: RunLog, seq: number): Effect.Effect<void> =>
  Effect.suspend(() =>
    log.ended || log.lastSeq >= seq
      ? Effect.void
      : Effect.andThen(log.changed(log.lastSeq), reached(log, seq)),
  )

const make = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  const live = yield* LiveRuns
  const ids = yield* SecureRandom.SecureRandom
  const scope = yield* Effect.scope
  const runs = yield* Runs
  const mirrors = yield* RemoteRunLogs.make(redis, runs)
  const remote = yield* RemoteReaders.make(redis, live, runs)
  const asked = new Map<string, Deferred.Deferred<boolean>>()

  const cancelHere = (id: RunId, ask: string) =>
    live.cancel(id).pipe(
      Effect.flatMap((cancelled) => RunChannel.say(redis, { _tag: "Cancelled", ask, cancelled })),
      // The replica that asked takes it that there is no answer.
      Effect.catch((error) => Effect.logWarning("a cancel was not answered", error)),
      Effect.forkIn(scope),
    )

  yield* RunChannel.listen(redis, (message) => {
    switch (message._tag) {
      case "Reading":
        return remote.heard(message.runs)
      case "Cancel":
        return live.get(message.run) === undefined ? Effect.void : cancelHere(message.run, message.ask)
      case "Cancelled": {
        const answer = asked.get(message.ask)
        return answer === undefined ? Effect.void : Deferred.succeed(answer, message.cancelled)
      }
    }
  })

  const follow = Effect.fn("SharedLogs.follow")(function* (runId: RunId, after: number) {
    const elsewhere = new RunElsewhere({ runId })
    yield* Effect.mapError(RunChannel.say(redis, { _tag: "Reading", runs: [runId] }), () => elsewhere)
    const followed = yield* mirrors.mirror(runId)
    yield* reached(followed.log, after).pipe(
      Effect.timeoutOrElse({ duration: followPatience, orElse: () => elsewhere }),
    )
    return followed
  })

  const cancel = Effect.fn("SharedLogs.cancel")(function* (run: RunId) {
    const elsewhere = new RunElsewhere({ runId: run })
    const ask = yield* ids.uuidV7()
    const answer = yield* Deferred.make<boolean>()
    asked.set(ask, answer)
    const told = Effect.andThen(RunChannel.say(redis, { _tag: "Cancel", run, ask }), Deferred.await(answer))
    return yield* told.pipe(
      Effect.mapError(() => elsewhere),
      Effect.timeoutOrElse({ duration: cancelPatience, orElse: () => elsewhere }),
      Effect.ensuring(Effect.sync(() => asked.delete(ask))),
    )
  })

  return SharedLogs.of({ follow, cancel })
})

export const layerRedis: Layer.Layer<
  SharedLogs,
  never,
  LiveRuns | Redis.Redis | Runs | SecureRandom.SecureRandom
> = Layer.effect(SharedLogs, make)
