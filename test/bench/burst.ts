/**
 * Shared by the benches of whole turns: a runtime that writes every turn in one burst, and the CPU time of a process.
 */
import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type Client, defaultAgent } from "../support/chatClient.ts"

/** Linux counts CPU in ticks of 10 ms (`getconf CLK_TCK` is 100 on every platform that Node runs on). */
const millisecondsATick = 10

const data = (event: string, body: object) =>
  `data: ${JSON.stringify({ event, data: body, timestamp: "2026-01-01T00:00:00Z" })}\r\n\r\n`

/** Returns its address; it answers each turn with `events` text events at once. */
export const startBurst = async (events: number): Promise<string> => {
  const burst = [
    ...Array.from({ length: events }, (_, index) => data("text_chunk", { content: `word ${index} ` })),
    data("execution_complete", { final_response: "" }),
    "data: [DONE]\r\n\r\n",
  ].join("")
  const server = createServer((request, response) => {
    request.resume()
    request.on("end", () => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.end(burst)
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  server.unref()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const statOf = (pid: string | number): ReadonlyArray<string> =>
  readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")

/** A process with its children: PostgreSQL has one for each connection. */
export const cpuMilliseconds = (pid: number): number => {
  const family = readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      return Number(entry) === pid || Number(statOf(entry)[1]) === pid
    } catch {
      return false
    }
  })
  const ticks = family.map((member) => statOf(member).slice(11, 15).map(Number))
  return ticks.flat().reduce((sum, tick) => sum + tick, 0) * millisecondsATick
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Runs `count` turns, `concurrency` at a time; a failed one ends the bench. */
export const turns = async (client: Client, concurrency: number, count: number): Promise<void> => {
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const response = await client.request("POST", "/api/v1/chat/start", {
        agentId: defaultAgent,
        message: "hello",
      })
      const text = await response.text()
      if (!text.includes("event: done")) throw new Error(`a turn failed: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
