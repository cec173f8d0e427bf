/** Replicas in one process: each with its runs and its connection to one Redis, all of them on one store in memory. */
import { layerWebCrypto, uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { RunId, SessionId } from "../../src/domain/Ids.ts"
import type { Run } from "../../src/domain/Run.ts"
import * as RedisClient from "../../src/persistence/RedisClient.ts"
import { Runs } from "../../src/store/Runs.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { frameOf } from "../../src/protocol/agent2ui/Frame.ts"
import { type LogEntry } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { SharedLogs } from "../../src/sharing/SharedLogs.ts"
import { layerRedis } from "../../src/sharing/SharedLogsRedis.ts"
import { startRedis } from "../support/redis.ts"

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

/** A Redis of the test's own; `stop` it, and `start` it again on its port: it has forgotten everything. */
export const ownRedis = Effect.gen(function* () {
  let server = yield* Effect.promise(() => startRedis())
  yield* Effect.addFinalizer(() => Effect.promise(() => server.stop()))
  const start = Effect.promise(async () => {
    server = await startRedis(server.port)
  })
  return { url: server.url, stop: Effect.promise(() => server.stop()), start }
})

const replica = Effect.fnUntraced(function* (url: string, kept: Kept, detachGrace: Duration.Input) {
  const services = layerRedis.pipe(
    Layer.provideMerge(LiveRuns.layer({ detachGrace })),
    Layer.provideMerge(RedisClient.layer(Redacted.make(url))),
    Layer.provide([store(kept), layerWebCrypto]),
  )
  const scope = yield* Scope.fork(yield* Effect.scope)
  const built = yield* Scope.provide(Layer.build(Layer.fresh(services)), scope)
  const live = Context.get(built, LiveRuns)
  /** A run of this replica's; its program does nothing and ends the log when it is cancelled. */
  const begin = Effect.gen(function* () {
    const log = new RunLog(RunId.make(uuidV7Unsafe()))
    const data = { code: "EXECUTION_CANCELLED", message: "", runId: log.runId, recoverable: true }
    const program = Effect.onInterrupt(Effect.never, () =>
      Effect.sync(() => log.end({ event: "error", data })),
    )
    const session = SessionId.make(uuidV7Unsafe())
    yield* live.claim(session, live.start(session, log, program))
    return log
  })
  const { redis, logs } = { redis: Context.get(built, Redis.Redis), logs: Context.get(built, SharedLogs) }
  return { begin, live, logs, redis, die: Scope.close(scope, Exit.void) }
})

/** Two replicas that hear each other; they live as long as the scope. */
export const pair = Effect.fnUntraced(function* (
  url: string,
  kept: Kept,
  detachGrace: Duration.Input = "1 minute",
) {
  const one = yield* replica(url, kept, detachGrace)
  const other = yield* replica(url, kept, detachGrace)
  yield* one.redis.send<ReadonlyArray<unknown>>("PUBSUB", "NUMSUB", "crossfade:runs").pipe(
    Effect.filterOrFail(([, listeners]) => listeners === 2),
    Effect.retry(every25ms),
  )
  return [one, other] as const
})

export const textOf = (log: RunLog): string =>
  log
    .read(0)
    .map((entry) => frameOf(log.runId, entry))
    .join("")
