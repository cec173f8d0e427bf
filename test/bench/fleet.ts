/**
 * The cost of a fleet: turns a second with one, two and three gateways on one PostgreSQL (every commit on disk) and
 * one Redis, the CPU of each part per turn, and the stored bytes per turn. `npm run bench:fleet`.
 *
 * All parts and the load share this machine, so the turns a second apply to it alone; sizing uses the CPU per turn.
 * Rounds of the three sizes alternate, because machines are shared.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { execFileSync } from "node:child_process"
import { Client, defaultAgent, tokenFor } from "../support/chatClient.ts"
import { Fleet } from "../support/fleet.ts"
import * as Postgres from "../support/postgres.ts"
import { cpuMilliseconds, median, startBurst } from "./burst.ts"

const events = 50
const sizes = [1, 2, 3]
const rounds = 5
const turnsARound = 300
const concurrency = 24
const durable = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" }
const postgres = await Postgres.start(Postgres.findBinaries()!, durable)
const query = (sql: string): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const client = yield* SqlClient.SqlClient
      const [row] = yield* client.unsafe<{ readonly value: string }>(sql)
      return Number(row?.value)
    }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(fleet.env["DATABASE_URL"]!) }))),
  )
const redisMemory = (): number =>
  Number(
    /used_memory:(\d+)/.exec(
      execFileSync("redis-cli", ["-p", String(fleet.redis.port), "info", "memory"], { encoding: "utf8" }),
    )?.[1],
  )

const fleet = new Fleet()
await fleet.start(postgres.url, Math.max(...sizes), {
  RUNTIME_SERVICE_URL: await startBurst(events),
})
const token = await tokenFor()

const turns = async (size: number, count: number): Promise<void> => {
  const clients = fleet.gateways.slice(0, size).map(({ url }) => new Client(url, token))
  let left = count
  const worker = async (name: number) => {
    for (let number = name; left-- > 0; number++) {
      const response = await clients[number % size]!.request("POST", "/api/v1/chat/start", {
        agentId: defaultAgent,
        message: "hello",
      })
      const text = await response.text()
      if (!text.includes("event: done")) throw new Error(`a turn failed: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, name) => worker(name)))
}

interface Round {
  readonly rate: number
  readonly gateway: number
  readonly postgres: number
  readonly redis: number
}

const round = async (size: number): Promise<Round> => {
  const spent = () => ({
    gateway: fleet.gateways.map(({ pid }) => cpuMilliseconds(pid)).reduce((sum, one) => sum + one, 0),
    postgres: cpuMilliseconds(postgres.pid()),
    redis: cpuMilliseconds(fleet.redis.pid),
  })
  const before = spent()
  const began = performance.now()
  await turns(size, turnsARound)
  const rate = turnsARound / ((performance.now() - began) / 1000)
  const after = spent()
  const each = (part: "gateway" | "postgres" | "redis") => (after[part] - before[part]) / turnsARound
  return { rate, gateway: each("gateway"), postgres: each("postgres"), redis: each("redis") }
}

for (const size of sizes) await turns(size, turnsARound)
const found = new Map(sizes.map((size) => [size, [] as Array<Round>]))
const databaseSize = "SELECT pg_database_size(current_database()) AS value"
const storedBefore = await query(databaseSize)
const memoryBefore = redisMemory()
for (let number = 0; number < rounds; number++) {
  for (const size of sizes) found.get(size)!.push(await round(size))
}
const total = rounds * sizes.length * turnsARound
const stored = ((await query(databaseSize)) - storedBefore) / total
const held = (redisMemory() - memoryBefore) / total

console.log(
  `| gateways | turns/s | gateway CPU ms a turn | PostgreSQL | Redis |\n| --- | --- | --- | --- | --- |`,
)
for (const [size, all] of found) {
  const of = (part: keyof Round) => median(all.map((one) => one[part])).toFixed(part === "rate" ? 0 : 2)
  console.log(`| ${size} | ${of("rate")} | ${of("gateway")} | ${of("postgres")} | ${of("redis")} |`)
}
console.log(
  `\nA turn of ${events} events leaves ${Math.round(stored)} bytes in PostgreSQL and, while its log is kept, ${Math.round(held)} in Redis.`,
)
await fleet.stop()
await postgres.stop()
process.exit(0)
