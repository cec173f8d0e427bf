/**
 * What a fleet costs: turns a second with one, two and three gateways on one PostgreSQL (every commit on disk) and one
 * Redis, the CPU that each part spends on a turn, and the bytes that a turn leaves behind. `npm run bench:fleet`.
 *
 * All parts and the load share this machine, so the turns a second say little beyond it; the CPU a turn is what sizing
 * counts with. Rounds of the three sizes alternate, because machines are shared.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Client, defaultAgent, tokenFor } from "../support/chatClient.ts"
import { Fleet } from "../support/fleet.ts"
import * as Postgres from "../support/postgres.ts"

const events = 50
const sizes = [1, 2, 3]
const rounds = 5
const turnsARound = 300
const concurrency = 24
/** Linux counts CPU in ticks of 10 ms (`getconf CLK_TCK` is 100 on every platform that Node runs on). */
const millisecondsATick = 10

const data = (event: string, body: object) =>
  `data: ${JSON.stringify({ event, data: body, timestamp: "2026-01-01T00:00:00Z" })}\r\n\r\n`
const burst = [
  ...Array.from({ length: events }, (_, index) => data("text_chunk", { content: `word ${index} ` })),
  data("execution_complete", { final_response: "" }),
  "data: [DONE]\r\n\r\n",
].join("")
const upstream = createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.end(burst)
  })
})
await new Promise<void>((listening) => upstream.listen(0, "127.0.0.1", listening))

const statOf = (pid: string | number): ReadonlyArray<string> =>
  readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")

/** Of a process and its children: PostgreSQL has one for each connection. */
const cpuMilliseconds = (pid: number): number => {
  const family = readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      return Number(entry) === pid || Number(statOf(entry)[1]) === pid
    } catch {
      return false
    }
  })
  const ticks = family.map((member) => statOf(member).slice(11, 15).map(Number))
  return ticks.flat().reduce((sum, tick) => sum + tick, 0) * millisecondsATick
}

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
  RUNTIME_SERVICE_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
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

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

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
upstream.close()
process.exit(0)
