import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { all } from "../../src/telemetry/Metrics.ts"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { type Running, start, startGateway, temporaryFolder } from "../support/processes.ts"
import { parse } from "../support/prometheusText.ts"

const program = inject("collector")
const file = "docs/observability/otel-collector.yaml"

describe.skipIf(program === undefined)("the collector's configuration", () => {
  const folder = temporaryFolder()
  let collector: Running
  let gateway: Running
  let ports: { readonly otlp: number; readonly prometheus: number; readonly health: number }
  beforeAll(async () => {
    ports = { otlp: await freePort(), prometheus: await freePort(), health: await freePort() }
    const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` })
    // Changes for a machine with other tests; and the debug exporter prints more.
    const changes = join(folder.path, "changes.yaml")
    writeFileSync(
      changes,
      JSON.stringify({
        extensions: { health_check: at(ports.health) },
        receivers: { otlp: { protocols: { http: at(ports.otlp) } } },
        exporters: { prometheus: at(ports.prometheus), debug: { verbosity: "detailed" } },
        service: { telemetry: { metrics: { level: "none" } } },
      }),
    )
    collector = await start(program!, ["--config", file, "--config", changes], {}, (line) =>
      line.includes("Everything is ready") ? `http://127.0.0.1:${ports.otlp}` : undefined,
    )
    gateway = await startGateway({
      DATA_DIR: folder.path,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRIC_EXPORT_INTERVAL: "200",
    })
    await (await new Client(gateway.url, await tokenFor()).start("hello")).rest()
  })
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    await collector?.stop("SIGKILL")
    folder.dispose()
  })

  it("is accepted by the collector as it is", () => {
    expect(execFileSync(program!, ["validate", "--config", file], { encoding: "utf8" })).toBe("")
  })

  it("reports healthy, and gives Prometheus every metric under its name, by gateway", async () => {
    expect((await fetch(`http://127.0.0.1:${ports.health}`)).status).toBe(200)
    const samples = await eventually(async () => {
      const found = parse(await (await fetch(`http://127.0.0.1:${ports.prometheus}/metrics`)).text())
      return found.length > 0 && found
    })
    const names = new Set(samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, "")))
    const missing = all.filter(({ name }) => !names.has(name)).map(({ name }) => name)
    // Neither Redis nor an organisation nor a webhook is configured.
    expect(missing).toEqual([
      "crossfade_org_attempts_total",
      "crossfade_notification_deliveries_total",
      "crossfade_redis_up",
    ])
    const turns = samples.find(({ name }) => name === "crossfade_turns_total")
    expect(turns?.labels).toMatchObject({ job: "crossfade", instance: expect.stringMatching(/./) })
  })

  it("passes on traces and logs, and labels them with their environment", async () => {
    await gateway.stop()
    // Each signal goes through a batch of its own.
    const parts = [
      "Body: Str(turn ended)",
      "POST /api/v1/chat/start",
      "deployment.environment.name: Str(development)",
    ]
    await eventually(async () => parts.every((part) => collector.output().includes(part)))
  })
})
