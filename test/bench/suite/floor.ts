/**
 * The floor: the least cost of relaying one turn. Bare `node:http` and `undici`: every event of the upstream is
 * parsed as JSON and written as an Agent2UI event. No schema, no store, no log, no deadlines, no limits. Not for
 * production. With a folder it is the durable floor: it also stores a turn's rows, before it asks the upstream and
 * before it writes the end.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { request } from "undici"
import { openRows } from "./floorRows.ts"

const [, , upstream, wire, folder] = process.argv
const rows = folder === undefined ? undefined : openRows(folder)

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

const textEvent = (content: string) => ({
  type: "text",
  data: { content },
  timestamp: new Date().toISOString(),
})

/** Writes the events; the end waits for `beforeEnd`. */
const relay = async (
  message: string,
  outgoing: ServerResponse,
  each: (seq: number, content: string) => object,
  beforeEnd: () => void,
): Promise<void> => {
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
      if (content === undefined) beforeEnd()
      const [event, data] = content === undefined ? ["done", { usage: {} }] : ["message", each(seq, content)]
      outgoing.write(`id: r:${seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  }
  outgoing.end()
}

const handle = (message: string, outgoing: ServerResponse): Promise<void> => {
  if (rows === undefined)
    return relay(
      message,
      outgoing,
      (_, content) => textEvent(content),
      () => {},
    )
  const turn = rows.begin(message)
  const events: Array<string> = []
  let text = ""
  let firstAt = 0
  const each = (seq: number, content: string) => {
    const data = { id: `${turn.id}:${seq}`, ...textEvent(content) }
    if (text === "") firstAt = Date.now()
    text += content
    events.push(JSON.stringify({ event: "message", data }))
    return data
  }
  return relay(message, outgoing, each, () => rows.end(turn, events, text, firstAt))
}

const server = createServer((incoming, outgoing) => {
  let body = ""
  incoming.setEncoding("utf8")
  incoming.on("data", (chunk) => (body += chunk))
  incoming.on("end", () => void handle(JSON.parse(body).message, outgoing))
})
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`floor listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
