/**
 * The cost of shadows for users: the p99 of direct turns while their shadows on the runtime hang, flood, break off or
 * are refused, beside the same turns of a gateway without shadows. `npm run bench:shadow`. Rounds of both alternate,
 * because machines are shared: the ratio counts, not the milliseconds, and `none beside none` shows the noise.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Client, operatorToken } from "../support/chatClient.ts"
import { providerEnv } from "../support/modelServer.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"

const rounds = 14
const warmRounds = 3
const turnsARound = 80
/** Enough concurrent turns for several shadows; few enough that the machine is not the limit. */
const concurrency = 20
/** The model's answer takes this long so that turns overlap and a delay of the gateway shows. */
const chunks = 10
const pauseMs = 20

const listen = async (handle: (response: ServerResponse) => void) => {
  const server = createServer((request, response) => {
    request.resume()
    request.on("end", () => handle(response))
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

const openAi = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const model = await listen((response) => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  let left = chunks
  const timer = setInterval(() => {
    if (left-- > 0) return void response.write(openAi({ content: `word ${left} ` }))
    clearInterval(timer)
    response.end(`${openAi({}, "stop")}data: [DONE]\n\n`)
  }, pauseMs)
  response.on("close", () => clearInterval(timer))
})

const data = (event: string, body: object) =>
  `data: ${JSON.stringify({ event, data: body, timestamp: "2026-01-01T00:00:00Z" })}\r\n\r\n`
const page = data("text_chunk", { content: "x".repeat(20) }).repeat(200)

const headers = { "content-type": "text/event-stream" }
const flood = (response: ServerResponse) => {
  const write = (): void => {
    while (!response.destroyed && response.write(page));
    if (!response.destroyed) response.once("drain", write)
  }
  response.writeHead(200, headers)
  write()
}

/** The runtime's treatment of shadows. Each has a server of its own. */
const backends: Readonly<Record<string, (response: ServerResponse) => void>> = {
  none: (response) => response.destroy(),
  hanging: (response) => response.writeHead(200, headers).flushHeaders(),
  flooding: flood,
  dying: (response) => {
    response.writeHead(200, headers)
    response.write(data("text_chunk", { content: "idée " }))
    setTimeout(() => response.destroy(), 5)
  },
}

const start = async (runtimeUrl: string, percent: number) => {
  const folder = temporaryFolder()
  const gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "direct_llm",
    RUNTIME_SERVICE_URL: runtimeUrl,
    DIRECT_LLM_PROVIDERS: "a",
    ...providerEnv("a", `${model.url}/v1`),
    CHAT_RUNTIME_SHADOW_PERCENT: String(percent),
    CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
    // A probe would find the backend broken, and no shadow would run.
    CHAT_RUNTIME_PROBES: "false",
  })
  const client = new Client(gateway.url, await operatorToken(["*", "operator:read"]))
  const stop = async () => {
    await gateway.stop("SIGKILL")
    folder.dispose()
  }
  return { client, stop }
}

/** Milliseconds of each turn, from the request to the last byte. */
const turns = async (client: Client): Promise<ReadonlyArray<number>> => {
  const took: Array<number> = []
  let left = turnsARound
  const worker = async () => {
    while (left-- > 0) {
      const began = performance.now()
      const text = await (
        await client.request("POST", "/api/v1/chat/start", {
          agentId: "00000000-0000-4000-8000-000000000001",
          message: "hello",
        })
      ).text()
      took.push(performance.now() - began)
      if (!text.includes("event: done")) throw new Error(`a turn failed: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return took
}

const quantile = (values: ReadonlyArray<number>, q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!

const shadowsOf = async (client: Client): Promise<string> => {
  const { ledger } = (await client.json("GET", "/api/v1/runtime/shadow/report")).data
  return ledger
    .map(({ ending, runs }: { readonly ending: string; readonly runs: number }) => `${ending} ${runs}`)
    .join(", ")
}

for (const [name, handle] of Object.entries(backends)) {
  const backend = await listen(handle)
  const without = await start(backend.url, 0)
  const withShadows = await start(backend.url, name === "none" ? 0 : 100)
  const took = { without: [] as Array<number>, with: [] as Array<number> }
  const ratios: Array<number> = []
  for (let round = 0; round < rounds + warmRounds; round++) {
    // The second one finds a warmer machine: the order alternates.
    const first = round % 2 === 0 ? without : withShadows
    const a = await turns(first.client)
    const b = await turns((first === without ? withShadows : without).client)
    if (round < warmRounds) continue
    const [plain, shadowed] = first === without ? [a, b] : [b, a]
    took.without.push(...plain)
    took.with.push(...shadowed)
    ratios.push(quantile(shadowed, 0.99) / quantile(plain, 0.99))
  }
  const p99 = { without: quantile(took.without, 0.99), with: quantile(took.with, 0.99) }
  console.log(
    `${name.padEnd(8)} p50 ${quantile(took.without, 0.5).toFixed(0)} -> ${quantile(took.with, 0.5).toFixed(0)} ms,` +
      ` p99 ${p99.without.toFixed(0)} -> ${p99.with.toFixed(0)} ms, ratio ${(p99.with / p99.without).toFixed(2)}` +
      ` (median of rounds ${quantile(ratios, 0.5).toFixed(2)}, ${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})` +
      `; ${(await shadowsOf(withShadows.client)) || "no shadows"}`,
  )
  await without.stop()
  await withShadows.stop()
  backend.close()
}
model.close()
