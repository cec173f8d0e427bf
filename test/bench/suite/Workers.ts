/**
 * The lane of several workers: one service with 1, 2 and 4 of them on PostgreSQL and Redis. Turns a second need a core
 * for each worker and as many for everything else, so the lane names the ratios that this machine cannot show. The
 * processor time of a turn needs none.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { availableParallelism } from "node:os"
import { findBinaries, freshDatabase, start as startPostgres } from "../../support/postgres.ts"
import { gatewayEnv, type Running, start } from "../../support/processes.ts"
import { startRedis } from "../../support/redis.ts"
import { type Bench, gateway } from "./Lanes.ts"
import { type Figure, ofRounds, ratioTo } from "./Result.ts"
import { deltas } from "./shape.ts"
import { type Measured, race } from "./Turns.ts"

const counts = [1, 2, 4]
const readyWithinMs = 60_000
const cores = availableParallelism()

const isPinned = (workers: number): boolean => cores >= 2 * workers

/** On the first cores, one for each worker, if the machine has as many for everything else. */
const startWorkers = (workers: number, env: Readonly<Record<string, string>>): Promise<Running> => {
  const program = [process.execPath, "src/main.ts"]
  const [command = "", ...args] = isPinned(workers)
    ? ["taskset", "-c", `0-${workers - 1}`, ...program]
    : program
  return start(
    command,
    args,
    gatewayEnv({ ...env, WORKERS: String(workers) }),
    (line) => /listens on (http:[^ "]+)/.exec(line)?.[1],
    readyWithinMs,
  )
}

const ofWorkers = (workers: number) => (workers === 1 ? "1 worker" : `${workers} workers`)

const figuresOf = (workers: number, found: Measured, one: Measured): ReadonlyArray<Figure> => {
  const about = { lane: "o", rounds: found.cpu.length }
  const cpu: Figure = {
    ...about,
    what: `CPU a turn, ${ofWorkers(workers)}`,
    unit: "ms",
    ...ofRounds(found.cpu),
    ratio: ratioTo("1 worker", found.cpu, one.cpu),
  }
  const rate: Figure = isPinned(workers)
    ? {
        ...about,
        what: `turns, ${ofWorkers(workers)} on cores of their own`,
        unit: "/s",
        ...ofRounds(found.perSecond),
        ratio: ratioTo("1 worker", found.perSecond, one.perSecond),
      }
    : {
        lane: "o",
        what: `turns, ${ofWorkers(workers)}: not measured, it needs ${2 * workers} cores and this machine has ${cores}`,
        unit: "/s",
        value: Number.NaN,
      }
  return [cpu, rate]
}

export const severalWorkers = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const binaries = findBinaries()
  if (binaries === undefined) throw new Error("no PostgreSQL: run scripts/setup-postgres")
  const postgres = await startPostgres(binaries)
  const stops: Array<() => Promise<unknown>> = [postgres.stop]
  try {
    const services: Array<Running> = []
    for (const workers of counts) {
      const redis = await startRedis()
      stops.unshift(() => redis.stop())
      const database = await Effect.runPromise(freshDatabase(postgres.url))
      const service = await startWorkers(workers, {
        LOG_LEVEL: "warn",
        DATABASE_URL: Redacted.value(database),
        REDIS_URL: redis.url,
        CHAT_EXECUTION_MODE: "runtime_orchestrator",
        RUNTIME_SERVICE_URL: upstreams.url,
        CHAT_RUNTIME_PROBES: "false",
      })
      stops.unshift(() => service.stop("SIGTERM"))
      services.push(service)
    }
    const contestants = services.map((service, index) =>
      gateway(bench, service, "burst", ofWorkers(counts[index]!)),
    )
    const found = await race(bench.load, contestants, {
      rounds: bench.rounds,
      concurrency: 64,
      parts: deltas.burst,
    })
    return found.flatMap((one, index) => figuresOf(counts[index]!, one, found[0]!))
  } finally {
    for (const stop of stops) await stop()
  }
}
