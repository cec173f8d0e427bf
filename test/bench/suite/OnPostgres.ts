/** The lanes on PostgreSQL and Redis: several workers behind one port, and commits that wait for a slow disk. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { cannotPreload } from "../../support/disk/preload.ts"
import { slowDisk } from "../../support/disk/slowDisk.ts"
import * as Postgres from "../../support/postgres.ts"
import type { Running } from "../../support/processes.ts"
import { startRedis } from "../../support/redis.ts"
import { crowd } from "./Disks.ts"
import { type Bench, gateway } from "./Lanes.ts"
import { type Gateway, startBenchGateway } from "./Processes.ts"
import { type Figure, ofRounds, ratioTo } from "./Result.ts"
import { deltas } from "./shape.ts"
import { named, race } from "./Turns.ts"

/** Each worker has a pool of its own. */
const connections = { max_connections: "400" }

interface Service {
  readonly name: string
  readonly running: Gateway
}

const onPostgres = async (
  upstreams: Running,
  server: Postgres.Server,
  redis: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Gateway> => {
  const database = await Effect.runPromise(Postgres.freshDatabase(server.url))
  const services = { DATABASE_URL: Redacted.value(database), REDIS_URL: redis }
  return startBenchGateway(upstreams.url, "runtime_orchestrator", { ...services, ...env })
}

/** The first service is the base of the ratios. */
const compared = async (
  bench: Bench,
  lane: string,
  services: ReadonlyArray<Service>,
): Promise<ReadonlyArray<Figure>> => {
  const contestants = services.map(({ name, running }) => ({
    ...gateway(bench, running, "burst", name),
    before: 600,
  }))
  const found = await race(bench.load, contestants, {
    rounds: bench.rounds,
    concurrency: crowd,
    parts: deltas.burst,
  })
  const base = named(found, services[0]!.name)!
  const rows = (what: string, unit: string, of: "cpu" | "perSecond") =>
    found.map((one): Figure => {
      const figure = { lane, what: `${what}, ${one.name}`, unit, ...ofRounds(one[of]) }
      return one === base ? figure : { ...figure, ratio: ratioTo(base.name, one[of], base[of]) }
    })
  return [
    ...rows(`turns a second at ${crowd} at once`, "", "perSecond"),
    ...rows("CPU a turn of all its processes", "ms", "cpu"),
  ]
}

/** A supervisor ends its workers. */
const stopAll = async (services: ReadonlyArray<Service>): Promise<void> => {
  for (const { running } of services) {
    await running.stop("SIGTERM")
    await running.dispose()
  }
}

const withBinaries = async (
  lane: string,
  use: (binaries: string) => Promise<ReadonlyArray<Figure>>,
): Promise<ReadonlyArray<Figure>> => {
  const binaries = Postgres.findBinaries()
  if (binaries !== undefined) return use(binaries)
  console.error(`!!! LANE ${lane} IS LEFT OUT: PostgreSQL's initdb and postgres are not installed.`)
  return []
}

/** o: one, two and four workers. They can use only the cores that database, upstream and load leave. */
export const workers = (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> =>
  withBinaries("o", async (binaries) => {
    const server = await Postgres.start(binaries, connections)
    const redis = await startRedis()
    const services: Array<Service> = []
    for (const count of [1, 2, 4]) {
      const running = await onPostgres(upstreams, server, redis.url, { WORKERS: String(count) })
      services.push({ name: count === 1 ? "1 worker" : `${count} workers`, running })
    }
    const figures = await compared(bench, "o", services)
    await stopAll(services)
    await redis.stop()
    await server.stop()
    return figures
  })

/** p: the same turns with commits that wait for nothing, and with syncs of 5 ms in the server. */
export const slowCommits = (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> =>
  withBinaries("p", async (binaries) => {
    const reason = cannotPreload()
    if (reason !== undefined) {
      console.error(`!!! LANE p IS LEFT OUT: ${reason}.`)
      return []
    }
    const fast = await Postgres.start(binaries, connections)
    const slow = await Postgres.start(binaries, { ...connections, ...Postgres.durable }, slowDisk(5000))
    const redis = await startRedis()
    const services = [
      { name: "PostgreSQL without syncs", running: await onPostgres(upstreams, fast, redis.url) },
      { name: "PostgreSQL, 5 ms", running: await onPostgres(upstreams, slow, redis.url) },
    ]
    const figures = await compared(bench, "p", services)
    await stopAll(services)
    await redis.stop()
    await Promise.all([fast.stop(), slow.stop()])
    return figures
  })
