/** nginx before servers that replace gateways and record the requests; all end after each test. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach } from "vitest"
import { startNginx } from "../support/nginx.ts"
import type { Running } from "../support/processes.ts"

const servers: Array<Server> = []
const running: Array<Running> = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((nginx) => nginx.stop("SIGKILL")))
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

export type Serve = (request: IncomingMessage, response: ServerResponse) => void

/** Replaces a gateway; `asked` are the requests that reached it, with their bodies read. */
export const gateway = async (serve: Serve) => {
  const asked: Array<IncomingMessage> = []
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      asked.push(request)
      serve(request, response)
    })
  })
  servers.push(server.listen(0, "127.0.0.1"))
  await once(server, "listening")
  return { asked, server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

export const before = async (...args: Parameters<typeof startNginx>) => {
  const nginx = await startNginx(...args)
  running.push(nginx)
  return nginx
}

export const alone = async (serve: Serve) => {
  const one = await gateway(serve)
  return { ...one, url: (await before([one.address, one.address, one.address])).url }
}

export const says =
  (status: number, body = "{}", headers: Record<string, string> = {}): Serve =>
  (_, response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body)

export const breaks: Serve = (request) => request.socket.destroy()

export const post = (url: string, headers: Record<string, string> = {}, body = "{}") =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })

export const start = "/api/v1/chat/start"
export const events = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" }
