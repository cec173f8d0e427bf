/**
 * Node's HTTP server, made so that a planned stop is as quick as its last stream: a connection that becomes idle while
 * the server is closing is closed at once, where Node alone would keep it for its keep-alive time of 5 s.
 */
import { createServer, type Server } from "node:http"

/** Milliseconds for a whole request to arrive; its answer may stream for as long as it likes. */
const requestTimeout = 30_000

export const make = (): Server => {
  const server = createServer({ requestTimeout })
  server.on("request", (_, response) => {
    response.once("close", () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections())
    })
  })
  return server
}
