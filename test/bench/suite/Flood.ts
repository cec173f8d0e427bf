/** The lane of a run without end: the log's own caps bound its memory. */
import { maxBytes } from "../../../src/runs/RunLog.ts"
import { Client, defaultAgent } from "../../support/chatClient.ts"
import type { Running } from "../../support/processes.ts"
import { type Bench, orderOf } from "./Lanes.ts"
import { peakResidentKb, residentKb } from "./Measures.ts"
import { startBenchGateway } from "./Processes.ts"
import { atMost, type Figure } from "./Result.ts"
import { deltas } from "./shape.ts"

/**
 * In units of the cap of bytes: the events, their JSON, the page under way, the rows on their way to the store, and
 * as much garbage again.
 */
const limit = 12

/** Reads until the end and keeps only the last text, so that the reader's memory stays small. */
const lastWords = async (client: Client, message: string): Promise<string> => {
  const response = await client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message })
  let tail = ""
  for await (const text of response.body!.pipeThrough(new TextDecoderStream()))
    tail = (tail + text).slice(-500)
  return tail
}

/** MB beyond the memory of a warm and idle gateway. */
const peakOf = async (bench: Bench, upstreams: Running, characters: number): Promise<number> => {
  const gateway = await startBenchGateway(upstreams.url, "runtime_orchestrator")
  const warmUp = { turns: 64, concurrency: 8, parts: deltas.burst }
  await bench.load.run({ ...orderOf(bench, gateway, "burst"), ...warmUp })
  const before = residentKb(gateway.pid)
  const said = await lastWords(new Client(gateway.url, bench.token), `flood ${characters}`)
  const peak = peakResidentKb(gateway.pid)
  await gateway.dispose()
  if (!said.includes("RUN_TOO_LARGE")) throw new Error(`a flood did not end as it should: ${said}`)
  return ((peak - before) * 1024) / 1e6
}

/** k: small events reach the cap of events, large ones the cap of bytes. */
export const flood = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  for (const characters of [10, 1000, 100_000]) {
    const value = await peakOf(bench, upstreams, characters)
    const times = value / (maxBytes / 1e6)
    figures.push({
      lane: "k",
      what: `memory that a flood takes, events of ${characters} characters`,
      value,
      unit: "MB",
      ratio: atMost({ to: "the cap of a run", value: times }, limit, "x"),
    })
  }
  return figures
}
