/**
 * The floor: the least cost of relaying one turn. Bare `node:http` and `undici`: every event of the upstream is
 * parsed as JSON and written as an Agent2UI event. No schema, no store, no log, no deadlines, no limits. Not for
 * production.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { request } from "undici"

const [, , upstream, wire] = process.argv

const ask = (message: string) =>
  wire === "model"
    ? request(`${upstream}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: message }] }),
      })
    : request(`${upstream}/api/v1/execute/stream`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ user_message: message }),
      })

const contentOf = (json: string): string | undefined => {
  const event = JSON.parse(json)
  return wire === "model" ? event.choices[0]?.delta.content : event.data.content
}

const relay = async (message: string, outgoing: ServerResponse): Promise<void> => {
  const answer = await ask(message)
  outgoing.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
  answer.body.setEncoding("utf8")
  let rest = ""
  let seq = 0
  for await (const chunk of answer.body) {
    const blocks = (rest + chunk).split(/\r?\n\r?\n/)
    rest = blocks.pop()!
    for (const block of blocks) {
      const json = block.slice("data: ".length)
      if (json === "[DONE]") continue
      seq += 1
      const content = contentOf(json)
      const [event, data] =
        content === undefined
          ? ["done", { usage: {} }]
          : ["message", { type: "text", data: { content }, timestamp: new Date().toISOString() }]
      outgoing.write(`id: r:${seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  }
  outgoing.end()
}

const server = createServer((incoming, outgoing) => {
  let body = ""
  incoming.setEncoding("utf8")
  incoming.on("data", (chunk) => (body += chunk))
  incoming.on("end", () => void relay(JSON.parse(body).message, outgoing))
})
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`floor listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
