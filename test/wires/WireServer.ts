/** An upstream on loopback that writes the bytes of a wire case, and counts how often it was asked. */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Answer } from "./WireCase.ts"
import type { Wire } from "./Wires.ts"

const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** A pause between writes, so that each arrives as a read of its own. */
const betweenWritesMs = 2
const pingEveryMs = 100

const finish = (answer: Answer, wire: Wire, response: ServerResponse): void => {
  switch (answer.afterwards ?? "end") {
    case "end":
      response.end()
      return
    case "reset":
      response.socket?.resetAndDestroy()
      return
    case "hold":
      return
    case "ping": {
      const timer = setInterval(() => response.write(wire.ping), pingEveryMs)
      response.on("close", () => clearInterval(timer))
    }
  }
}

const play = async (answer: Answer, wire: Wire, response: ServerResponse): Promise<void> => {
  response.writeHead(answer.status ?? 200, { "content-type": "text/event-stream", ...answer.headers })
  response.flushHeaders()
  for (const part of answer.body) {
    if (response.destroyed) return
    if (typeof part === "number") await wait(part)
    else {
      response.write(part)
      await wait(betweenWritesMs)
    }
  }
  finish(answer, wire, response)
}

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the bodies of all wires
type Asked = any

export interface WireServer {
  readonly url: string
  /** Bodies of the requests that asked for an answer, in order. */
  readonly asked: Array<Asked>
  readonly stop: () => Promise<void>
}

/** The first answer to the first request, the second to the second, the last one again and again. */
export const inTurn =
  (answers: ReadonlyArray<Answer>) =>
  (request: number): Answer | undefined =>
    answers[Math.min(request, answers.length) - 1]

/** `answerOf` gives the answer to the nth request, from 1; without one nothing is ever said. */
export const startWireServer = async (
  wire: Wire,
  answerOf: (request: number) => Answer | undefined,
): Promise<WireServer> => {
  const asked: Array<Asked> = []
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (bytes) => (text += bytes))
    request.on("end", () => {
      if (request.url?.endsWith("/execute/cancel") === true) {
        response.writeHead(200, { "content-type": "application/json" })
        response.end(JSON.stringify({ cancelled: true, session_id: "" }))
        return
      }
      const { runStatus = "success" } = answerOf(Math.max(asked.length, 1)) ?? {}
      const aside = wire.aside?.(request.method ?? "", request.url ?? "", runStatus)
      if (aside !== undefined) {
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(aside))
        return
      }
      asked.push(JSON.parse(text))
      const answer = answerOf(asked.length)
      if (answer !== undefined) void play(answer, wire, response)
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const stop = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop }
}
