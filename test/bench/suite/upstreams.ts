/**
 * The upstreams of the bench, as a process of its own: the runtime's wire and an OpenAI-compatible model. The message
 * selects the answer: `burst`, all events in one write; `writes`, a write each; `paced`, a write each 20 ms; `hang`,
 * one and then nothing; `silent`, the headers and then nothing; `mute`, nothing at all; `flood 1000`, events of 1000 characters, as fast as they are read, until the reader leaves.
 * `/waiting` answers with the number of answers that hang, are silent or mute. Prints its address.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import { deltas, floodBytes, paceMs } from "./shape.ts"

const shapes = ["burst", "writes", "paced", "hang", "silent", "mute", "flood"] as const
type Shape = (typeof shapes)[number]

const runtimeEvent = (event: string, data: object) =>
  `data: ${JSON.stringify({ event, data, timestamp: "2026-01-01T00:00:00Z" })}\r\n\r\n`
const modelEvent = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const wires = {
  runtime: {
    delta: (content: string) => runtimeEvent("text_chunk", { content }),
    end: `${runtimeEvent("execution_complete", { final_response: "" })}data: [DONE]\r\n\r\n`,
  },
  model: {
    delta: (content: string) => modelEvent({ role: "assistant", content }),
    end: `${modelEvent({}, "stop")}data: [DONE]\n\n`,
  },
}

const count = (shape: Shape) => (shape === "paced" ? deltas.paced : shape === "hang" ? 1 : deltas.burst)

type Wire = (typeof wires)[keyof typeof wires]

/** Several at a time, as by a sender that does not wait for its socket. */
function* flood({ delta, end }: Wire, characters: number): Generator<string> {
  const parts = delta("word ".repeat(Math.ceil(characters / 5)).slice(0, characters)).repeat(50)
  for (let sent = 0; sent < floodBytes; sent += parts.length) yield parts
  yield end
}

let waiting = 0
const countWaiting = (response: ServerResponse): void => {
  waiting += 1
  response.once("close", () => (waiting -= 1))
}

const answer = async (text: string, wire: Wire, response: ServerResponse): Promise<void> => {
  const { delta, end } = wire
  const shape = shapeOf(text)
  if (shape === "hang" || shape === "silent" || shape === "mute") countWaiting(response)
  if (shape === "mute") return
  response.writeHead(200, { "content-type": "text/event-stream" })
  if (shape === "silent") return response.flushHeaders()
  if (shape === "flood")
    return void Readable.from(flood(wire, Number(/flood (\d+)/.exec(text)?.[1]))).pipe(response)
  const parts = Array.from({ length: count(shape) }, (_, index) => delta(`word ${index} `))
  if (shape === "burst") return void response.end(parts.join("") + end)
  const began = performance.now()
  for (const [index, part] of parts.entries()) {
    response.write(part)
    // Relative to the start, so that a late timer does not delay all later ones.
    const wait = shape === "paced" ? began + (index + 1) * paceMs - performance.now() : 0
    await new Promise((next) => (shape === "paced" ? setTimeout(next, wait) : setImmediate(next)))
    if (response.destroyed) return
  }
  if (shape !== "hang") response.end(end)
}

const shapeOf = (text: string): Shape => shapes.find((shape) => text.includes(shape)) ?? "burst"

const handle = (request: IncomingMessage, response: ServerResponse): void => {
  let body = ""
  request.setEncoding("utf8")
  request.on("data", (chunk) => (body += chunk))
  request.on("end", () => {
    const { url = "" } = request
    if (url.endsWith("/execute/stream"))
      return void answer(JSON.parse(body).user_message, wires.runtime, response)
    if (url.endsWith("/chat/completions"))
      return void answer(JSON.parse(body).messages.at(-1).content, wires.model, response)
    response.setHeader("content-type", "application/json")
    response.end(url === "/waiting" ? String(waiting) : "{}")
  })
}

// Longer than a round of any lane, so that new connections are not measured.
const server = createServer({ keepAliveTimeout: 75_000 }, handle)
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`upstreams listen on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
