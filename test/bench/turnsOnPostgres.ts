/**
 * Turns on PostgreSQL, begin and end, without the rest of the gateway: `DATABASE_URL=... WRITERS=1,8,64 SECONDS=3
 * node test/bench/turnsOnPostgres.ts` prints a line of JSON for each number of concurrent writers. The server's own
 * processor time is that of the children of `SERVER_PID`.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs"
import * as Database from "../../src/store/Database.ts"
import { Runs } from "../../src/store/Runs.ts"
import { attempt, completed, newPrincipal, newTurn, textEntries } from "../store/Turns.ts"
import { storesOn } from "../support/storesOn.ts"

const env = (name: string, otherwise: string): string => process.env[name] ?? otherwise
const writers = env("WRITERS", "1,8,64,256").split(",").map(Number)
const seconds = Number(env("SECONDS", "3"))
const serverPid = process.env["SERVER_PID"]

const ownCpuMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** The processor time of each connection's process, in nanoseconds of the scheduler. */
const serverCpuMs = (): number => {
  if (serverPid === undefined) return Number.NaN
  const children = Fs.readFileSync(`/proc/${serverPid}/task/${serverPid}/children`, "utf8").trim().split(" ")
  return children.reduce((sum, pid) => {
    const [ns] = Fs.readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")
    return sum + Number(ns) / 1e6
  }, 0)
}

const at = (sorted: ReadonlyArray<number>, share: number): number =>
  Number((sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(2))

interface Figures {
  turns: number
  readonly begins: Array<number>
  readonly ends: Array<number>
}

const writer = (until: number, figures: Figures) =>
  Effect.gen(function* () {
    const { begin, end } = yield* Runs
    const principal = newPrincipal()
    let session
    while (performance.now() < until) {
      const turn = newTurn(principal, session === undefined ? {} : { session })
      const { ended, message } = completed(turn, "A sentence of the answer. ".repeat(20))
      const began = performance.now()
      yield* begin(turn)
      const asked = performance.now()
      yield* end(ended, message, { attempts: [attempt(1, false)], entries: textEntries(1, 5) })
      figures.begins.push(asked - began)
      figures.ends.push(performance.now() - asked)
      figures.turns++
      session = turn.session
    }
  })

const lane = Effect.fnUntraced(function* (count: number, forSeconds: number) {
  const figures: Figures = { turns: 0, begins: [], ends: [] }
  const [own, server, began] = [ownCpuMs(), serverCpuMs(), performance.now()]
  const all = Array.from({ length: count }, () => writer(began + 1000 * forSeconds, figures))
  yield* Effect.all(all, { concurrency: "unbounded", discard: true })
  const took = performance.now() - began
  const [begins, ends] = [figures.begins.toSorted((a, b) => a - b), figures.ends.toSorted((a, b) => a - b)]
  return {
    writers: count,
    turnsPerSecond: Math.round((1000 * figures.turns) / took),
    gatewayMs: Number(((ownCpuMs() - own) / figures.turns).toFixed(3)),
    serverMs: Number(((serverCpuMs() - server) / figures.turns).toFixed(3)),
    begin: [at(begins, 0.5), at(begins, 0.99)],
    end: [at(ends, 0.5), at(ends, 0.99)],
  }
})

const main = Effect.gen(function* () {
  yield* lane(16, 1)
  for (const count of writers) yield* Console.log(JSON.stringify(yield* lane(count, seconds)))
})

const databaseUrl = Redacted.make(env("DATABASE_URL", ""))
const poolSize = Number(env("POOL", "10"))
await Effect.runPromise(
  main.pipe(
    Effect.provide(storesOn(Database.layer({ databaseUrl, dataDir: "unused", poolSize }))),
    Effect.scoped,
  ),
)
