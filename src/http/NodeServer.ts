/**
 * Node's HTTP server, made so that a planned stop is as quick as its last stream: a connection that becomes idle while
 * the server is closing is closed at once, where Node alone would keep it for its keep-alive time of 5 s.
 */
import { createServer, type Server } from "node:http"

export const make = (): Server => {
  const server = createServer()
  server.on("request", (_, response) => {
    response.once("close", () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections())
    })
  })
  return server
}
