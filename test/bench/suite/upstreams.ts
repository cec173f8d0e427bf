/**
 * The upstreams of the bench, as a process of its own: the runtime's wire and an OpenAI-compatible model. The message says
 * how it answers: `burst`, all events in one write; `writes`, a write each; `paced`, a write each 20 ms; `hang`, one and
 * then nothing. Prints its address.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { deltas, paceMs } from "./shape.ts"

type Shape = "burst" | "writes" | "paced" | "hang"

const runtimeEvent = (event: string, data: object) =>
  `data: ${JSON.stringify({ event, data, timestamp: "2026-01-01T00:00:00Z" })}\r\n\r\n`
const modelEvent = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const wires = {
  runtime: {
    delta: (index: number) => runtimeEvent("text_chunk", { content: `word ${index} ` }),
    end: `${runtimeEvent("execution_complete", { final_response: "" })}data: [DONE]\r\n\r\n`,
  },
  model: {
    delta: (index: number) => modelEvent({ role: "assistant", content: `word ${index} ` }),
    end: `${modelEvent({}, "stop")}data: [DONE]\n\n`,
  },
}

const count = (shape: Shape) => (shape === "paced" ? deltas.paced : shape === "hang" ? 1 : deltas.burst)

const answer = async (shape: Shape, wire: keyof typeof wires, response: ServerResponse): Promise<void> => {
  const { delta, end } = wires[wire]
  const parts = Array.from({ length: count(shape) }, (_, index) => delta(index))
  response.writeHead(200, { "content-type": "text/event-stream" })
  if (shape === "burst") return void response.end(parts.join("") + end)
  const began = performance.now()
  for (const [index, part] of parts.entries()) {
    response.write(part)
    // Against the clock, so that a late timer does not make all that follow late.
    const wait = shape === "paced" ? began + (index + 1) * paceMs - performance.now() : 0
    await new Promise((next) => (shape === "paced" ? setTimeout(next, wait) : setImmediate(next)))
    if (response.destroyed) return
  }
  if (shape !== "hang") response.end(end)
}

const shapeOf = (text: string): Shape => (/\b(writes|paced|hang)\b/.exec(text)?.[1] ?? "burst") as Shape

const handle = (request: IncomingMessage, response: ServerResponse): void => {
  let body = ""
  request.setEncoding("utf8")
  request.on("data", (chunk) => (body += chunk))
  request.on("end", () => {
    const { url = "" } = request
    if (url.endsWith("/execute/stream"))
      return void answer(shapeOf(JSON.parse(body).user_message), "runtime", response)
    if (url.endsWith("/chat/completions"))
      return void answer(shapeOf(JSON.parse(body).messages.at(-1).content), "model", response)
    response.setHeader("content-type", "application/json")
    response.end("{}")
  })
}

const server = createServer(handle)
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`upstreams listen on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
