/** Replicas in one process: each with its runs and its connection to one Redis, all of them on one store in memory. */
import { layerWebCrypto, uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { RunId } from "../../src/domain/Ids.ts"
import { RunId as RunIds, SessionId } from "../../src/domain/Ids.ts"
import type { Run } from "../../src/domain/Run.ts"
import * as RedisClient from "../../src/persistence/RedisClient.ts"
import { Runs } from "../../src/recording/Runs.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { SharedLogs } from "../../src/sharing/SharedLogs.ts"
import { layerRedis } from "../../src/sharing/SharedLogsRedis.ts"

export const newRunId = (): RunId => RunIds.make(uuidV7Unsafe())

/** Rows of runs that have ended, and what is kept of runs. */
export interface Kept {
  readonly ended: Map<RunId, Run>
  readonly events: Map<RunId, ReadonlyArray<LogEntry>>
}
export const kept = (): Kept => ({ ended: new Map(), events: new Map() })

const store = ({ ended, events }: Kept) =>
  Layer.mock(Runs, {
    ended: (ids) => Effect.sync(() => ids.flatMap((id) => ended.get(id) ?? [])),
    events: (id, after) => Effect.sync(() => (events.get(id) ?? []).filter(({ seq }) => seq > after)),
  })

const every25ms = Schedule.spaced("25 millis")
export const until = (holds: () => boolean) =>
  Effect.asVoid(Effect.repeat(Effect.sync(holds), { until: (held) => held, schedule: every25ms }))

/** Ready: its connections stand. Lives as long as the scope. */
export const replica = Effect.fnUntraced(function* (
  url: string,
  kept: Kept,
  detachGrace: Duration.Input = "1 minute",
) {
  const services = layerRedis.pipe(
    Layer.provideMerge(LiveRuns.layer({ detachGrace })),
    Layer.provideMerge(RedisClient.layer(Redacted.make(url))),
    Layer.provide([store(kept), layerWebCrypto]),
  )
  const built = yield* Layer.build(Layer.fresh(services))
  const redis = Context.get(built, Redis.Redis)
  const live = Context.get(built, LiveRuns)
  const listeners = () => redis.send<ReadonlyArray<unknown>>("PUBSUB", "NUMSUB", "crossfade:runs")
  const before = replicas.get(url) ?? 0
  replicas.set(url, before + 1)
  yield* Effect.retry(listeners(), every25ms)
  /** A run of this replica's; its program does nothing and ends the log when it is cancelled. */
  const begin = Effect.fnUntraced(function* () {
    const log = new RunLog(newRunId())
    const data = { code: "EXECUTION_CANCELLED", message: "", runId: log.runId, recoverable: true }
    const program = Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.end({ event: "error", data })))
    const session = SessionId.make(uuidV7Unsafe())
    yield* live.claim(session, live.start(session, log, program))
    return log
  })
  return { begin, live, logs: Context.get(built, SharedLogs), redis, listeners }
})
const replicas = new Map<string, number>()
