import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, describe, expect, inject, it } from "vitest"
import { Client, eventually, operatorToken } from "../support/chatClient.ts"
import { freshDatabase } from "../support/postgres.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"

const rolloutPath = "/api/v1/runtime/rollout"

describe.skipIf(inject("postgresUrl") === undefined)("two gateways on one PostgreSQL", () => {
  const folder = temporaryFolder()
  afterAll(() => folder.dispose())

  it("a change at one gateway applies at the other, with the same validator", async () => {
    const DATABASE_URL = Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!)))
    const env = { DATA_DIR: folder.path, DATABASE_URL, CHAT_EXECUTION_MODE: "direct_llm" }
    const [here, there] = await Promise.all([startGateway(env), startGateway(env)])
    const token = await operatorToken(["*", "operator:*"])
    const [one, other] = [new Client(here.url, token), new Client(there.url, token)]
    const changed = await one.request("PUT", rolloutPath, { enabledOrgs: ["ops"] })
    expect(changed.status).toBe(200)
    await eventually(async () => (await other.json("GET", rolloutPath)).data.enabledOrgs.length === 1)
    const stream = await other.start("which?")
    expect(stream.response.headers.get("x-execution-mode")).toBe("runtime_orchestrator")
    stream.leave()
    const etag = changed.headers.get("etag")!
    const back = await other.request("PUT", rolloutPath, { enabledOrgs: [] }, { "if-match": etag })
    expect(back.status).toBe(200)
    const late = await one.request("PUT", rolloutPath, { percentage: 5 }, { "if-match": etag })
    expect(late.status).toBe(412)
    await Promise.all([here.stop("SIGKILL"), there.stop("SIGKILL")])
  })
})
