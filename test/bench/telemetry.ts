/**
 * The cost of telemetry: CPU of the gateway for a turn of 50 events, without export, with traces of 5 % of the turns
 * and with those of all, metrics and logs exported too in both, to a real collector. `npm run bench:telemetry`.
 *
 * The gateways alternate round by round, because machines are shared; the report has the median of each round's ratio
 * to the gateway without telemetry. Metrics are exported six times as often as by default.
 */
import { Client, tokenFor } from "../support/chatClient.ts"
import { Collector } from "../support/collector.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { cpuMilliseconds, median, startBurst, turns } from "./burst.ts"

const events = 50
const rounds = 30
const turnsARound = 200
const concurrency = 8

const collector = await Collector.start()
const runtime = await startBurst(events)
const token = await tokenFor()
const sampled = (share: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_METRIC_EXPORT_INTERVAL: "10000",
  OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
  OTEL_TRACES_SAMPLER_ARG: share,
})
const variants: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
  ["off", {}],
  ["metrics and logs, no traces", { ...sampled("0"), OTEL_TRACES_EXPORTER: "none" }],
  ["the same, 5 % of the turns traced", sampled("0.05")],
  ["the same, all turns traced", sampled("1")],
]

interface Measured {
  readonly name: string
  readonly gateway: Running
  readonly client: Client
  readonly cpu: Array<number>
}

const folders = variants.map(() => temporaryFolder())
const measured = await Promise.all(
  variants.map(async ([name, env], index): Promise<Measured> => {
    const gateway = await startGateway({
      DATA_DIR: folders[index]!.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime,
      CHAT_RUNTIME_PROBES: "false",
      ...env,
    })
    return { name, gateway, client: new Client(gateway.url, token), cpu: [] }
  }),
)

for (const { client } of measured) await turns(client, concurrency, turnsARound * 3)
for (let round = 0; round < rounds; round++) {
  // The first gateway alternates, because it pays for the last round's garbage.
  const order = measured.map((_, index) => measured[(index + round) % measured.length]!)
  for (const { client, cpu, gateway } of order) {
    const before = cpuMilliseconds(gateway.pid)
    await turns(client, concurrency, turnsARound)
    cpu.push((cpuMilliseconds(gateway.pid) - before) / turnsARound)
  }
}

const [off] = measured
console.log(`| telemetry | CPU ms a turn | to "off" | half of the rounds lie in |\n| --- | --- | --- | --- |`)
for (const { cpu, name } of measured) {
  const ratios = cpu.map((one, round) => one / off!.cpu[round]!).toSorted((a, b) => a - b)
  const quarter = (share: number) => ratios[Math.floor((ratios.length - 1) * share)]!.toFixed(2)
  console.log(
    `| ${name} | ${median(cpu).toFixed(2)} | ${median(ratios).toFixed(2)} | ${quarter(0.25)}-${quarter(0.75)} |`,
  )
}
// They export the queued data before they end.
await Promise.all(measured.map(({ gateway }) => gateway.stop()))
const turnsOf = collector.spans().filter(({ kind }) => kind === "server").length
console.log(`\n${turnsOf} traced turns and ${collector.logs().length} log records came to the collector.`)
await collector.stop()
for (const folder of folders) folder.dispose()
process.exit(0)
