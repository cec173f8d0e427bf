/** `crossfade doctor` as a process, against real servers. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { join, resolve } from "node:path"
import { createClient } from "redis"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import type { Finding } from "../../src/cli/doctor/Finding.ts"
import { newest } from "../../src/store/Migrations.ts"
import { freePort } from "../support/freePort.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder, testSecret } from "../support/processes.ts"
import { startRedis } from "../support/redis.ts"
import { inDatabase } from "./inDatabase.ts"

const folders: Array<ReturnType<typeof temporaryFolder>> = []
const folder = (): string => {
  const made = temporaryFolder()
  folders.push(made)
  return Fs.realpathSync(made.path)
}

const closers: Array<() => void> = []
const serveHttp = async (handle: RequestListener): Promise<string> => {
  const server = createServer(handle).listen(0, "127.0.0.1")
  await once(server, "listening")
  closers.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

let gateway: Running
let sandbox: { readonly runtimeUrl: string; readonly modelUrl: string }

beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder(), AUTH_JWT_SECRET: "", AUTH_OPERATOR_SECRET: "" })
  const answer = await fetch(`${gateway.url}/api/v1/health/ready`)
  sandbox = ((await answer.json()) as { data: { sandbox: typeof sandbox } }).data.sandbox
}, 60_000)

afterAll(async () => {
  await gateway?.stop()
  closers.forEach((close) => close())
  folders.forEach((one) => one.dispose())
})

interface Report {
  readonly ok: boolean
  readonly checks: ReadonlyArray<Finding>
}

const doctor = async (
  env: Readonly<Record<string, string>>,
  {
    args = ["--json"],
    cwd = folder(),
  }: { readonly args?: ReadonlyArray<string>; readonly cwd?: string } = {},
) => {
  const command = [resolve("src/cli/main.ts"), "doctor", ...args]
  const child = spawn(process.execPath, command, {
    cwd,
    env: { PATH: process.env["PATH"], PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
  const [code] = await once(child, "close")
  const report: Report | undefined = args.includes("--json") ? JSON.parse(output) : undefined
  const of = (check: string) => report?.checks.filter((finding) => finding.check === check) ?? []
  return { code, output, report, of, statusOf: (check: string) => of(check).map(({ status }) => status), cwd }
}

const provider = (name: string, url: string, key = "") => ({
  [`DIRECT_LLM_${name}_KIND`]: "openai-compatible",
  [`DIRECT_LLM_${name}_BASE_URL`]: `${url}/v1`,
  [`DIRECT_LLM_${name}_MODEL`]: "a-model",
  ...(key === "" ? {} : { [`DIRECT_LLM_${name}_API_KEY`]: key }),
})

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

  it("creates nothing in an empty folder", async () => {
    const found = await doctor({})
    expect(found.code).toBe(0)
    expect(Fs.readdirSync(found.cwd)).toEqual([])
    expect(found.statusOf("data folder")).toEqual(["warning"])
    expect(found.of("data folder")[0]?.seen).toContain(join(found.cwd, "data"))
    expect(found.statusOf("upstreams")).toEqual(["warning"])
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

  it("names the variable of a wrong key, and repeats neither the key nor the server's sentence", async () => {
    const url = await serveHttp((_, answer) => {
      answer.statusCode = 401
      answer.end(
        JSON.stringify({ error: { code: "invalid_api_key", message: "Incorrect key sk-canary-0001" } }),
      )
    })
    const env = { DIRECT_LLM_PROVIDERS: "main", ...provider("MAIN", url, "sk-canary-0001") }
    const found = await doctor(env)
    expect(found.of("provider main")).toMatchObject([
      {
        status: "failed",
        seen: "answered 401 invalid_api_key",
        advice: "The key is refused. Correct DIRECT_LLM_MAIN_API_KEY.",
      },
    ])
    const text = await doctor(env, { args: [] })
    expect(text.code).toBe(1)
    expect(text.output).toContain("→ The key is refused. Correct DIRECT_LLM_MAIN_API_KEY.")
    expect(found.output + text.output).not.toContain("canary")
  })

  it("warns of a model that refuses the token limit, and accepts one that takes no less than 16", async () => {
    const model = (refuses: (limit: unknown, field: string) => object | undefined) =>
      serveHttp((request, answer) => {
        let text = ""
        request.on("data", (chunk) => (text += chunk))
        request.on("end", () => {
          const body: Record<string, unknown> = text === "" ? {} : JSON.parse(text)
          const field = "max_tokens" in body ? "max_tokens" : "max_completion_tokens"
          const error = body[field] === undefined ? undefined : refuses(body[field], field)
          answer.writeHead(error === undefined ? 200 : 400, { "content-type": "text/event-stream" })
          const chunk = { choices: [{ delta: { content: "pong" }, finish_reason: "stop" }] }
          answer.end(
            error === undefined
              ? `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`
              : JSON.stringify({ error: { type: "invalid_request_error", ...error } }),
          )
        })
      })
    const field = await model((_, name) =>
      name === "max_tokens"
        ? {
            message:
              "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param: name,
            code: "unsupported_parameter",
          }
        : undefined,
    )
    const small = await model(() => ({
      message:
        "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
    }))
    const sixteen = await model((limit, param) =>
      Number(limit) < 16
        ? { message: `Invalid '${param}': Expected a value >= 16`, param, code: "integer_below_min_value" }
        : undefined,
    )
    const found = await doctor({
      DIRECT_LLM_PROVIDERS: "field,small,sixteen,right",
      ...provider("FIELD", field),
      ...provider("SMALL", small),
      ...provider("SIXTEEN", sixteen),
      ...provider("RIGHT", field),
      DIRECT_LLM_RIGHT_MAX_TOKENS_FIELD: "max_completion_tokens",
    })
    expect(found.of("provider field")).toMatchObject([
      { status: "warning", advice: expect.stringContaining("DIRECT_LLM_FIELD_MAX_TOKENS_FIELD") },
    ])
    expect(found.of("provider field")[0]?.seen).toContain("400 unsupported_parameter")
    expect(found.statusOf("provider small")).toEqual(["warning"])
    expect(found.statusOf("provider sixteen")).toEqual(["ok"])
    expect(found.statusOf("provider right")).toEqual(["ok"])
    expect(found.output).not.toContain("Could not finish")
  })

  it("tells a server that is not Crossfade, and a clock that is wrong", async () => {
    const url = await serveHttp((_, answer) => {
      answer.setHeader("date", "Mon, 01 Jan 2024 00:00:00 GMT")
      answer.end("<html>hello</html>")
    })
    const found = await doctor({ PORT: new URL(url).port, RUNTIME_SERVICE_URL: url })
    expect(found.of("port PORT")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringContaining("another program"),
    })
    expect(found.statusOf("runtime")).toEqual(["failed"])
    expect(found.statusOf("runtime health")).toEqual(["failed"])
    expect(found.of("clock of runtime")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringMatching(/days behind/),
    })
  })

  it("names a data folder that is below a file", async () => {
    const cwd = folder()
    Fs.writeFileSync(join(cwd, "file"), "")
    const found = await doctor({ DATA_DIR: join(cwd, "file/data") })
    expect(found.of("data folder")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringContaining("is not a folder"),
    })
  })

  it("names a schema of a newer Crossfade, and migrates nothing", async () => {
    const server = inject("postgresUrl")
    const url = Redacted.value(await Effect.runPromise(freshDatabase(server!)))
    await inDatabase(url, "CREATE TABLE crossfade_migrations (migration_id integer)")
    await inDatabase(url, `INSERT INTO crossfade_migrations VALUES (${newest + 1})`)
    const found = await doctor({ DATABASE_URL: url })
    expect(found.of("database")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringContaining(`step ${newest + 1}`),
    })
    const missing = new URL(url)
    missing.pathname = "/nowhere"
    const other = await doctor({ DATABASE_URL: missing.href })
    expect(other.of("database")[0]).toMatchObject({
      status: "failed",
      advice: "Create the database, or correct its name in DATABASE_URL.",
    })
  })

  it("names a Redis that evicts keys, and a wrong password", async () => {
    const redis = await startRedis()
    const client = await createClient({ url: redis.url }).connect()
    await client.configSet({ maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" })
    const evicting = await doctor({ REDIS_URL: redis.url })
    await client.configSet("requirepass", "right-password")
    const refused = await doctor({ REDIS_URL: redis.url.replace("//", "//:wrong-canary@") })
    client.destroy()
    await redis.stop()
    expect(evicting.of("redis")[0]).toMatchObject({
      status: "warning",
      advice: "Set maxmemory-policy noeviction.",
    })
    expect(refused.of("redis")[0]).toMatchObject({
      status: "failed",
      advice: "Correct the user and the password in REDIS_URL.",
    })
    expect(refused.output).not.toContain("canary")
  })
})
