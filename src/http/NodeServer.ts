/**
 * Node's HTTP server, made so that a start and a planned stop leave no request without an answer. It listens before the
 * service is built, and lets kept connections speak after the service has let go of it: what comes then is answered
 * with 503. A stop is as quick as its last stream: a connection that becomes idle while the server is closing is closed at
 * once, where Node alone would keep it for its keep-alive time.
 */
import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { PublicError } from "../api/PublicError.ts"
import { corsHeaders, isPreflight } from "./Cors.ts"
import { isSane } from "./RequestId.ts"

/** Milliseconds for a whole request to arrive; its answer may stream for as long as it likes. */
const requestTimeout = 30_000

const refuse = (request: IncomingMessage, response: ServerResponse, error: PublicError): void => {
  // Behind a refused preflight the page would never see the 503 of the request itself.
  if (isPreflight(request)) return void response.writeHead(204).end()
  const { headers } = request
  const given = String(headers["x-request-id"] ?? "")
  response.writeHead(503, {
    "content-type": "application/json",
    connection: "close",
    "retry-after": String(error.retryAfter),
    "x-request-id": isSane(given) ? given : randomUUID(),
  })
  response.end(JSON.stringify({ success: false, error }))
}

const starting: PublicError = {
  code: "OVERLOADED",
  message: "The service is starting. Nothing was taken.",
  retryAfter: 1,
}

const stopping: PublicError = {
  code: "SHUTTING_DOWN",
  message: "The service is stopping. Nothing was taken.",
  retryAfter: 1,
}

/**
 * Milliseconds that an idle connection is kept: longer than the 60 s of nginx and of cloud load balancers, so that it is
 * they who close it. Closed by this side, a request that is on its way at that moment is lost.
 */
const keepAliveTimeout = 75_000

/**
 * Connections that may wait to be taken, where the kernel allows so many (`net.core.somaxconn`). Beyond them the kernel makes
 * callers wait and resets some; from here they get a 503 that says when to come back.
 */
export const backlog = 4096

/** Milliseconds of silence until the kernel asks whether the peer is still there; ten questions, one a second. */
const keepAliveInitialDelay = 10_000

/** `allowedOrigins`: patterns of the pages that may call from a browser. */
export const make = (allowedOrigins: ReadonlyArray<string> = []): Server => {
  const server = createServer({ requestTimeout, keepAliveTimeout, keepAlive: true, keepAliveInitialDelay })
  // Node hands over a request with `Expect: 100-continue` as `checkContinue` where anyone listens for that.
  for (const event of ["request", "checkContinue"] as const)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      response.once("close", () => {
        if (!server.listening) setImmediate(() => server.closeIdleConnections())
      })
      for (const [name, value] of corsHeaders(allowedOrigins, request)) response.setHeader(name, value)
      // No other listener than this one: nobody would ever answer.
      if (server.listenerCount(event) === 1) refuse(request, response, server.listening ? starting : stopping)
    })
  return server
}
