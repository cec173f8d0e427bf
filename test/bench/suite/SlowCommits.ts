/** The lane of PostgreSQL: commits that wait for a slow disk must not cap the turns. */
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
import { race } from "./Turns.ts"

const onPostgres = async (upstreams: Running, server: Postgres.Server, redis: string): Promise<Gateway> => {
  const database = await Effect.runPromise(Postgres.freshDatabase(server.url))
  const services = { DATABASE_URL: Redacted.value(database), REDIS_URL: redis }
  return startBenchGateway(upstreams.url, "runtime_orchestrator", services)
}

const compared = async (
  bench: Bench,
  services: ReadonlyArray<readonly [string, Gateway]>,
): Promise<ReadonlyArray<Figure>> => {
  const contestants = services.map(([name, running]) => ({
    ...gateway(bench, running, "burst", name),
    before: 600,
  }))
  const sizes = { rounds: bench.rounds, concurrency: crowd, parts: deltas.burst }
  const found = await race(bench.load, contestants, sizes)
  const base = found[0]!
  return found.map((one): Figure => {
    const what = `turns a second at ${crowd} at once, ${one.name}`
    const figure = { lane: "p", what, unit: "", ...ofRounds(one.perSecond) }
    return one === base ? figure : { ...figure, ratio: ratioTo(base.name, one.perSecond, base.perSecond) }
  })
}

const leftOut = (reason: string): ReadonlyArray<Figure> => {
  console.error(`!!! LANE p IS LEFT OUT: ${reason}.`)
  return []
}

/** p: the same turns with commits that wait for nothing, and with syncs of 5 ms in the server. */
export const slowCommits = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const binaries = Postgres.findBinaries()
  if (binaries === undefined) return leftOut("PostgreSQL is not installed (scripts/setup-postgres)")
  const reason = cannotPreload()
  if (reason !== undefined) return leftOut(reason)
  const fast = await Postgres.start(binaries)
  const slow = await Postgres.start(binaries, Postgres.durable, slowDisk(5000))
  const redis = await startRedis()
  const services: ReadonlyArray<readonly [string, Gateway]> = [
    ["PostgreSQL without syncs", await onPostgres(upstreams, fast, redis.url)],
    ["PostgreSQL, 5 ms", await onPostgres(upstreams, slow, redis.url)],
  ]
  const figures = await compared(bench, services)
  for (const [, running] of services) await running.dispose()
  await redis.stop()
  await Promise.all([fast.stop(), slow.stop()])
  return figures
}
