import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { execFileSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from "vitest"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import * as Postgres from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

let model: Model
let gateway: Running
let client: Client
beforeAll(async () => {
  model = await startModel()
})
afterAll(() => model.stop())
afterEach(() => gateway?.stop("SIGKILL"))

const startOn = async (env: Readonly<Record<string, string>>) => {
  gateway = await startGateway({
    CHAT_EXECUTION_MODE: "direct_llm",
    DIRECT_LLM_PROVIDERS: "a",
    NODE_ENV: "production",
    ...providerEnv("a", model.url),
    ...env,
  })
  client = new Client(gateway.url, await tokenFor())
}

/** The status of a turn and of readiness, and the gauge, as an operator sees them. */
const seen = async () => {
  const stream = await client.start("a question")
  // Its end may wait for the store.
  stream.leave()
  const ready = await client.request("GET", "/api/v1/health/ready")
  const metrics = await (await client.request("GET", "/metrics")).text()
  const up = /^crossfade_store_up\S* (\d)$/m.exec(metrics)?.[1]
  return `turn ${stream.response.status}, ready ${ready.status}, store_up ${up}`
}
const works = "turn 200, ready 200, store_up 1"
const refused = "turn 503, ready 503, store_up 0"

const linesAbout = (text: string): ReadonlyArray<string> =>
  gateway
    .output()
    .split("\n")
    .filter((line) => line.includes(text))

/** The state does not flap: it stays the same for three reads. */
const stays = async (state: string) => {
  await eventually(async () => (await seen()) === state, 10)
  const until = performance.now() + 3000
  while (performance.now() < until) expect(await seen()).toBe(state)
}

const refusesAndReturns = async (refuse: () => unknown, accept: () => unknown, reason: RegExp) => {
  expect(await seen()).toBe(works)
  await refuse()
  await stays(refused)
  const begun = linesAbout("the store is not available, so no turn can start")
  expect(begun).toHaveLength(1)
  expect(begun[0]).toMatch(reason)
  await accept()
  await stays(works)
  expect(linesAbout("the store is available again")).toHaveLength(1)
  expect(linesAbout("the store is not available")).toHaveLength(1)
}

describe.skipIf(inject("postgresUrl") === undefined)("a PostgreSQL that answers", () => {
  const folder = temporaryFolder()
  let postgres: Postgres.Server
  let url: string
  beforeAll(async () => {
    postgres = await Postgres.start(Postgres.findBinaries()!)
  })
  beforeEach(async () => {
    url = Redacted.value(await Effect.runPromise(Postgres.freshDatabase(postgres.url)))
    await startOn({ DATA_DIR: folder.path, DATABASE_URL: url })
  })
  afterAll(async () => {
    await postgres?.stop()
    folder.dispose()
  })

  /** Acts as an operator of the server, whose own sessions may always write. */
  const operate = (...statements: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SET default_transaction_read_only = off`
      for (const statement of statements) yield* sql.unsafe(statement)
    }).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(postgres.url), maxConnections: 1 })),
      Effect.runPromise,
    )
  const name = () => new URL(url).pathname.slice(1)
  const endSessions = () =>
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name()}'`

  it(
    "E1: and becomes read-only is unhealthy, logged once, and used again when it accepts writes",
    () =>
      refusesAndReturns(
        () => operate("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"),
        () => operate("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"),
        /in a read-only transaction/,
      ),
    60_000,
  )

  it(
    "E1: and is read-only in new sessions is used again, while open sessions stay read-only",
    () =>
      refusesAndReturns(
        () => operate(`ALTER DATABASE ${name()} SET default_transaction_read_only = on`, endSessions()),
        () => operate(`ALTER DATABASE ${name()} RESET default_transaction_read_only`),
        /in a read-only transaction|terminating connection|Connection closed/,
      ),
    60_000,
  )

  it(
    "E1: and accepts no connections is unhealthy, logged once, and used again when it accepts them",
    () =>
      refusesAndReturns(
        () => operate(`ALTER DATABASE ${name()} ALLOW_CONNECTIONS false`, endSessions()),
        () => operate(`ALTER DATABASE ${name()} ALLOW_CONNECTIONS true`),
        /not currently accepting connections|terminating connection|Connection closed/,
      ),
    60_000,
  )

  it("E1: and ends every session is used over new ones", async () => {
    for (let times = 0; times < 3; times++) {
      expect(await seen()).toBe(works)
      await operate(endSessions())
      await eventually(async () => (await seen()) === works, 10)
    }
  }, 60_000)
})

describe("a SQLite file that cannot grow", () => {
  const folder = temporaryFolder()
  afterAll(() => folder.dispose())

  const limit = (bytes: string) =>
    execFileSync("prlimit", ["--pid", String(gateway.pid), `--fsize=${bytes}:unlimited`])

  it("E1: because of a limit is unhealthy, logged once, and used again when the limit is lifted", async () => {
    await startOn({ DATA_DIR: folder.path })
    await refusesAndReturns(
      () => limit("4096"),
      () => limit("unlimited"),
      /disk I\/O error/,
    )
  }, 60_000)

  const mount = () =>
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder.path], { stdio: "ignore" })
  const unmount = () => execFileSync("umount", ["--lazy", folder.path])
  const mayMount = (() => {
    try {
      mount()
      unmount()
      return true
    } catch {
      return false
    }
  })()

  describe.skipIf(!mayMount)("because its disk is full", () => {
    beforeAll(() => void mount())
    afterAll(() => void unmount())
    const filler = join(folder.path, "filler")
    /** Fills the disk to the last byte. */
    const fill = (left: number) => {
      for (let size = 8 << 20; size >= 1; size >>= 1) {
        try {
          while (true) writeFileSync(filler, Buffer.alloc(size), { flag: "a" })
        } catch {
          continue
        }
      }
      if (left > 0) execFileSync("truncate", ["--size", `-${left}`, filler])
    }

    it.each([
      ["full", 0],
      ["nearly full", 24 << 10],
    ])(
      "E1: %s, it is unhealthy, logged once, and used again when there is room",
      async (name, left) => {
        const data = join(folder.path, name)
        onTestFinished(() => rmSync(data, { recursive: true }))
        await startOn({ DATA_DIR: data })
        await refusesAndReturns(
          async () => {
            fill(left)
            // A few turns use the rest.
            for (let turn = 0; turn < 20 && (await seen()) === works; turn++);
          },
          () => rmSync(filler),
          /database or disk is full/,
        )
      },
      60_000,
    )
  })
})
