/**
 * What one turn costs the gateway: CPU of its process per turn of 50 text events that the runtime writes in one burst,
 * SQLite with every sync, validation, log and store on. `npm run bench`. Rounds are short and the median is reported,
 * because machines are shared; compare only figures of one run.
 */
import { Client, tokenFor } from "../support/chatClient.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"
import { cpuMilliseconds, median, startBurst, turns } from "./burst.ts"

const events = 50
const rounds = 7
const turnsARound = 200
const concurrency = 8
const folder = temporaryFolder()
const gateway = await startGateway({
  DATA_DIR: folder.path,
  CHAT_EXECUTION_MODE: "runtime_orchestrator",
  RUNTIME_SERVICE_URL: await startBurst(events),
})
const client = new Client(gateway.url, await tokenFor())

await turns(client, concurrency, turnsARound * 2)
const cpu: Array<number> = []
const rate: Array<number> = []
for (let round = 0; round < rounds; round++) {
  const before = cpuMilliseconds(gateway.pid)
  const began = performance.now()
  await turns(client, concurrency, turnsARound)
  cpu.push((cpuMilliseconds(gateway.pid) - before) / turnsARound)
  rate.push(turnsARound / ((performance.now() - began) / 1000))
}
const spread = (values: ReadonlyArray<number>) =>
  `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`
console.log(
  `CPU a turn of ${events} events: ${median(cpu).toFixed(2)} ms (${spread(cpu)} over ${rounds} rounds)`,
)
console.log(`turns a second at ${concurrency} at once: ${median(rate).toFixed(0)} (${spread(rate)})`)
await gateway.stop("SIGKILL")
folder.dispose()
