import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Client, eventually, type Stream, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { startPgBouncer } from "../support/pgbouncer.ts"
import * as Postgres from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

describe.skipIf(inject("postgresUrl") === undefined)(
  "behind a PgBouncer in its default configuration",
  () => {
    const folder = temporaryFolder()
    let postgres: Postgres.Server
    let model: Model
    const started: Array<Running> = []
    beforeAll(async () => {
      postgres = await Postgres.start(Postgres.findBinaries()!)
      model = await startModel()
    })
    afterEach(async () => {
      for (const one of started.splice(0)) await one.stop("SIGKILL")
    })
    afterAll(async () => {
      await model.stop()
      await postgres.stop()
      folder.dispose()
    })

    /** A busy gateway may miss its database's answer for a second: then it answers with Retry-After. */
    const taken = (ask: () => Promise<Stream>) =>
      eventually(async () => {
        const stream = await ask()
        return stream.response.status === 503 ? undefined : stream
      }, 10)

    const startTwo = async (mode: "session" | "transaction", changes: ReadonlyArray<string>) => {
      const bouncer = await startPgBouncer(postgres, mode, changes)
      started.push(bouncer)
      const database = new URL(Redacted.value(await Effect.runPromise(Postgres.freshDatabase(postgres.url))))
      const env = {
        DATA_DIR: folder.path,
        DATABASE_URL: `${bouncer.url}${database.pathname}`,
        DATABASE_POOL_SIZE: "8",
        CHAT_EXECUTION_MODE: "direct_llm",
        DIRECT_LLM_PROVIDERS: "a",
        ...providerEnv("a", model.url),
      }
      const gateways = await Promise.all([startGateway(env), startGateway(env)])
      started.unshift(...gateways)
      return Promise.all(gateways.map(async ({ url }) => new Client(url, await tokenFor())))
    }

    it.each([
      // Fewer sessions than the gateways have connections: a session serves several in turn.
      ["transaction", ["default_pool_size = 3"]],
      [
        "transaction",
        [
          "default_pool_size = 3",
          "ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout,jit",
        ],
      ],
      ["session", []],
    ] as const)(
      "in %s mode %j two gateways start on an empty database, accept turns and store them",
      async (mode, changes) => {
        const clients = await startTwo(mode, changes)
        const turns = Array.from({ length: 30 }, async (_, number) => {
          const client = clients[number % 2]!
          const first = await taken(() => client.start(`question ${number}`))
          expect((await first.rest()).at(-1)?.event).toBe("done")
          const second = await taken(() => clients[(number + 1) % 2]!.send(first.sessionId, "and now?"))
          expect((await second.rest()).at(-1)?.event).toBe("done")
          const { data } = await client.json("GET", `/api/v1/chat/sessions/${first.sessionId}`)
          expect(data.messages).toHaveLength(4)
        })
        await Promise.all(turns)
        for (const { output, url } of started.filter((one) => one.url.startsWith("http:")))
          expect(`${url} ${output()}`).not.toMatch(/prepared statement|startup parameter/)
      },
      60_000,
    )

    it("E1: is used again within seconds after its PostgreSQL restarts", async () => {
      const [client] = await startTwo("transaction", ["server_login_retry = 1"])
      const status = async () => (await client!.start("a question")).response.status
      expect(await status()).toBe(200)
      await postgres.down()
      await eventually(async () => (await status()) === 503, 10)
      await postgres.up()
      await eventually(async () => (await status()) === 200, 10)
    }, 60_000)
  },
)
