/** `crossfade doctor` against servers that are all right, and against none. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { freePort } from "../support/freePort.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, testSecret } from "../support/processes.ts"
import { startRedis } from "../support/redis.ts"
import { doctor, folder, provider } from "./doctor/doctor.ts"
import { inDatabase } from "./inDatabase.ts"

let gateway: Running
let sandbox: { readonly runtimeUrl: string; readonly modelUrl: string }

beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder(), AUTH_JWT_SECRET: "", AUTH_OPERATOR_SECRET: "" })
  const answer = await fetch(`${gateway.url}/api/v1/health/ready`)
  sandbox = ((await answer.json()) as { data: { sandbox: typeof sandbox } }).data.sandbox
})

afterAll(() => gateway?.stop())

describe("crossfade doctor", () => {
  it("finds a service, its upstreams, PostgreSQL and Redis in order, and exits with 0", async () => {
    const redis = await startRedis()
    const database = Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!)))
    const found = await doctor({
      PORT: new URL(gateway.url).port,
      RUNTIME_SERVICE_URL: sandbox.runtimeUrl,
      RUNTIME_ATTACHMENTS: "none",
      DIRECT_LLM_PROVIDERS: "main",
      ...provider("MAIN", sandbox.modelUrl),
      DATABASE_URL: database,
      REDIS_URL: redis.url,
      AUTH_JWT_SECRET: testSecret,
    })
    await redis.stop()
    expect(found.of("port PORT")[0]?.seen).toContain("a Crossfade service listens at")
    expect(found.of("runtime")[0]?.seen).toContain('answered "ping"')
    expect(found.of("provider main")[0]?.seen).toContain("the model a-model answered")
    for (const check of [
      "runtime health",
      "way to runtime",
      "way to provider main",
      "redis",
      "clock of the database",
    ])
      expect([check, found.statusOf(check)]).toEqual([check, ["ok"]])
    expect(found.statusOf("database")).toEqual(["warning"])
    expect(
      await inDatabase(
        database,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
      ),
    ).toEqual([])
    expect([found.code, found.report?.ok]).toEqual([0, true])
  })

  it("reports every problem of dead servers, and exits with 1", async () => {
    const dead = `127.0.0.1:${await freePort()}`
    const found = await doctor({
      CHAT_EXECUTON_MODE: "direct_llm",
      CHAT_RUNTIME_PERCENT: "200",
      RUNTIME_SERVICE_URL: `http://${dead}`,
      DIRECT_LLM_PROVIDERS: "main",
      ...provider("MAIN", `http://${dead}`),
      DATABASE_URL: `postgres://u:canary-password@${dead}/x`,
      REDIS_URL: `redis://:canary-password@${dead}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${dead}`,
      AUTH_JWKS_URL: `http://${dead}/keys`,
    })
    expect(found.code).toBe(1)
    expect(found.statusOf("configuration")).toEqual(["failed", "warning"])
    for (const check of [
      "runtime",
      "runtime health",
      "way to runtime",
      "provider main",
      "database",
      "redis",
      "collector (traces)",
      "collector (metrics)",
      "collector (logs)",
      "AUTH_JWKS_URL",
    ]) {
      expect([check, found.statusOf(check)]).toEqual([check, ["failed"]])
      expect([check, found.of(check)[0]?.advice]).not.toEqual([check, null])
    }
    expect(found.of("redis")[0]?.seen).toContain("ECONNREFUSED")
    expect(found.output).not.toContain("canary")
  })
})
