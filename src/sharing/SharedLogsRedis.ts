/**
 * `SharedLogs` over Redis. A replica that wants to read a run publishes this on the channel. The replica that executes the run
 * then writes its log to a stream, and the first replica polls the stream into a remote log. Cancels and their answers use
 * the same channel.
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
import * as RunStream from "./RunStream.ts"
import { RunElsewhere, SharedLogs } from "./SharedLogs.ts"

/** A live replica answers within a tenth of it. A reader may try again. */
const followPatience = "2 seconds"
/** The executing replica stores the run's end before it answers. */
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
  const remoteLogs = yield* RemoteRunLogs.make(redis, runs)
  const remoteReaders = yield* RemoteReaders.make(redis, live, runs)
  const pendingCancels = new Map<string, Deferred.Deferred<boolean>>()

  const cancelHere = (id: RunId, ask: string) =>
    live.cancel(id).pipe(
      Effect.flatMap((cancelled) => RunChannel.publish(redis, { _tag: "Cancelled", ask, cancelled })),
      // The asking replica then treats the run as unreachable.
      Effect.catch((error) => Effect.logWarning("a cancel was not answered", error)),
      Effect.forkIn(scope),
    )

  yield* RunChannel.listen(redis, (message) => {
    switch (message._tag) {
      case "Reading":
        return remoteReaders.keep(message.runs)
      case "Cancel":
        return live.get(message.run) === undefined ? Effect.void : cancelHere(message.run, message.ask)
      case "Cancelled": {
        const answer = pendingCancels.get(message.ask)
        return answer === undefined ? Effect.void : Deferred.succeed(answer, message.cancelled)
      }
    }
  })

  const follow = Effect.fnUntraced(function* (runId: RunId, after: number) {
    const elsewhere = new RunElsewhere({ runId })
    yield* Effect.mapError(RunChannel.publish(redis, { _tag: "Reading", runs: [runId] }), () => elsewhere)
    const followed = yield* remoteLogs.follow(runId)
    yield* reached(followed.log, after).pipe(
      Effect.timeoutOrElse({ duration: followPatience, orElse: () => elsewhere }),
    )
    return followed
  })

  const cancel = Effect.fnUntraced(function* (run: RunId) {
    const elsewhere = new RunElsewhere({ runId: run })
    const ask = yield* ids.uuidV7()
    const answer = yield* Deferred.make<boolean>()
    pendingCancels.set(ask, answer)
    const answered = Effect.andThen(
      RunChannel.publish(redis, { _tag: "Cancel", run, ask }),
      Deferred.await(answer),
    )
    return yield* answered.pipe(
      Effect.mapError(() => elsewhere),
      Effect.timeoutOrElse({ duration: cancelPatience, orElse: () => elsewhere }),
      Effect.ensuring(Effect.sync(() => pendingCancels.delete(ask))),
    )
  })

  const forget = (ids: ReadonlyArray<RunId>) => RunStream.forget(redis, ids)

  return SharedLogs.of({ follow, cancel, forget })
})

export const layerRedis: Layer.Layer<
  SharedLogs,
  never,
  LiveRuns | Redis.Redis | Runs | SecureRandom.SecureRandom
> = Layer.effect(SharedLogs, make)
