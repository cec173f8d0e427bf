/**
 * What one turn costs the gateway: CPU of its process per turn of 50 text events that the runtime writes in one burst,
 * SQLite with every sync, validation, log and store on. `npm run bench`. Rounds are short and the median is reported,
 * because machines are shared; compare only figures of one run.
 */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Client, tokenFor } from "../support/chatClient.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"

const events = 50
const rounds = 7
const turnsARound = 200
const concurrency = 8
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

const folder = temporaryFolder()
const gateway = await startGateway({
  DATA_DIR: folder.path,
  CHAT_EXECUTION_MODE: "runtime_orchestrator",
  RUNTIME_SERVICE_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
})
const client = new Client(gateway.url, await tokenFor())

const cpuMilliseconds = (): number => {
  const fields = readFileSync(`/proc/${gateway.pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) * millisecondsATick
}

const turns = async (count: number): Promise<void> => {
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const response = await client.request("POST", "/api/v1/chat/start", {
        agentId: "00000000-0000-4000-8000-000000000001",
        message: "hello",
      })
      const text = await response.text()
      if (!text.includes("event: done")) throw new Error(`a turn failed: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

await turns(turnsARound * 2)
const cpu: Array<number> = []
const rate: Array<number> = []
for (let round = 0; round < rounds; round++) {
  const before = cpuMilliseconds()
  const began = performance.now()
  await turns(turnsARound)
  cpu.push((cpuMilliseconds() - before) / turnsARound)
  rate.push(turnsARound / ((performance.now() - began) / 1000))
}
const median = (values: ReadonlyArray<number>) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const spread = (values: ReadonlyArray<number>) =>
  `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`
console.log(
  `CPU a turn of ${events} events: ${median(cpu).toFixed(2)} ms (${spread(cpu)} over ${rounds} rounds)`,
)
console.log(`turns a second at ${concurrency} at once: ${median(rate).toFixed(0)} (${spread(rate)})`)
await gateway.stop("SIGKILL")
upstream.close()
upstream.closeAllConnections()
folder.dispose()
