/**
 * Node's HTTP server, made so that a start and a planned stop leave no request without an answer. It listens before the
 * service is built, and lets kept connections speak after the service has let go of it: what comes then is answered
 * with 503. A stop is as quick as its last stream: a connection that becomes idle while the server is closing is closed at
 * once, where Node alone would keep it for its keep-alive time.
 */
import { randomUUID } from "node:crypto"
import { createServer, IncomingMessage, type Server, ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import type { PublicError } from "../protocol/PublicError.ts"
import { corsHeaders, isPreflight } from "./Cors.ts"
import * as ErrorResponse from "./ErrorResponse.ts"
import { isSane } from "./RequestId.ts"

/** Milliseconds for a whole request to arrive; its answer may stream for as long as it likes. */
const requestTimeout = 30_000
/** Milliseconds between two looks for requests that take too long; Node's own 30 s would make it up to a minute. */
const connectionsCheckingInterval = 1000

const refuse = (request: IncomingMessage, response: ServerResponse, error: PublicError): void => {
  // Behind a refused preflight the page would never see the 503 of the request itself.
  if (isPreflight(request)) return void response.writeHead(204).end()
  const given = String(request.headers["x-request-id"] ?? "")
  const { body, headers, status } = ErrorResponse.make(error, request)
  response.writeHead(status, {
    ...headers,
    connection: "close",
    "x-request-id": isSane(given) ? given : randomUUID(),
  })
  response.end(body)
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

/**
 * Milliseconds of silence until the kernel asks whether the peer is still there; ten questions, one a second. A heartbeat
 * that is written meanwhile ends the questions: `StalledReaders` finds the peer gone 10 s later, and 30 s are not exceeded.
 */
const keepAliveInitialDelay = 7000

/** For all answers, as a proxy would set them: they matter for pages, which set a policy of their own. */
const securityHeaders = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["x-frame-options", "DENY"],
] as const

/** The error for a request that Node's parser refuses. The codes are Node's and llhttp's. */
const unparsed = (code: string | undefined): PublicError => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { code: "HEADERS_TOO_LARGE", message: "The headers are larger than 16 KiB." }
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { code: "REQUEST_TIMEOUT", message: "The request did not arrive within 30 s." }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { code: "PAYLOAD_TOO_LARGE", message: "The chunk extensions are larger than 16 KiB." }
    default:
      return { code: "VALIDATION_FAILED", message: "This is not a valid HTTP request." }
  }
}

const noTunnel: PublicError = { code: "METHOD_NOT_ALLOWED", message: "There is no tunnel here." }

/** Where Node has no response to write to. */
const answerRaw = (socket: Duplex, error: PublicError, request?: IncomingMessage): void => {
  const { body, headers, status } = ErrorResponse.make(error, request)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    ...securityHeaders.map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy())
}

/** Milliseconds that a closing server goes on taking connections that arrive without a pause. */
const longestAccepting = 1000
/** Turns of Node's loop without a new connection after which the kernel's queue is empty. The first may be a part of one. */
const emptyAfter = 3

/**
 * Makes `close` take the connections that the kernel holds in its queue before the listener goes: the kernel resets what is
 * left in the queue, and the client of a reset connection cannot know whether its request was taken. Node takes one
 * connection in each turn of its loop. Gives whether `close` was called.
 */
const closeAfterQueue = (server: Server): (() => boolean) => {
  const close = server.close.bind(server)
  let isClosing = false
  server.close = (done) => {
    isClosing = true
    let quietTurns = 0
    server.on("connection", () => {
      quietTurns = 0
    })
    const until = performance.now() + longestAccepting
    const look = (): void => {
      if (quietTurns++ === emptyAfter || performance.now() > until) close(done)
      else setImmediate(look)
    }
    look()
    return server
  }
  return () => isClosing
}

/** Requests that may wait on a connection for the one before them. Browsers and proxies send the next one after the answer. */
const mostPipelined = 32

/**
 * Makes the server serve the requests of a connection one after the other. Node parses pipelined requests at once, and the
 * answers that wait for an earlier one, which the client may never read, would be held in memory whole.
 */
const serveInTurn = (server: Server): void => {
  const emit = server.emit.bind(server)
  const waiting = new WeakMap<Duplex, Array<() => void>>()
  const next = (socket: Duplex): void => {
    const serve = socket.destroyed ? undefined : waiting.get(socket)?.shift()
    if (serve === undefined) waiting.delete(socket)
    else serve()
  }
  server.emit = (event: string, ...args: Array<unknown>): boolean => {
    const [request, response] = args
    if (event !== "request" && event !== "checkContinue") return emit(event, ...args)
    if (!(request instanceof IncomingMessage && response instanceof ServerResponse)) return false
    const { socket } = request
    const serve = (): void => {
      response.once("close", () => next(socket))
      emit(event, request, response)
    }
    const line = waiting.get(socket)
    if (line === undefined) {
      waiting.set(socket, [])
      serve()
    } else if (line.length < mostPipelined) line.push(serve)
    else socket.destroy()
    return true
  }
}

/** The last answer on each connection. */
const answers = new WeakMap<Duplex, ServerResponse>()

const makeServer = (): Server => {
  const server = createServer({
    requestTimeout,
    connectionsCheckingInterval,
    keepAliveTimeout,
    keepAlive: true,
    keepAliveInitialDelay,
    // The edge looks, and answers with an envelope.
    requireHostHeader: false,
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    const isAnswering = answer !== undefined && answer.headersSent && !answer.writableFinished
    // Bytes of an error within an answer would be read as a part of it.
    if (socket.writable && !isAnswering && error.code !== "ECONNRESET")
      answerRaw(socket, unparsed(error.code))
    else socket.destroy()
  })
  // Without a listener Node closes the connection and says nothing.
  server.on("connect", (request, socket) => answerRaw(socket, noTunnel, request))
  for (const event of requestEvents)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      answers.set(request.socket, response)
      response.once("close", () => {
        if (!server.listening) setImmediate(() => server.closeIdleConnections())
      })
    })
  return server
}

/** Node hands over a request with `Expect: 100-continue` as `checkContinue` where anyone listens for that. */
const requestEvents = ["request", "checkContinue"] as const

const operatorsSockets = new WeakSet<Duplex>()

/** True for a request that came to the operators' port. */
export const isOperators = ({ socket }: Pick<IncomingMessage, "socket">): boolean =>
  operatorsSockets.has(socket)

/** The operators' server: another door to the same service, which can tell who came by it. */
export const makeOperators = (main: Server): Server => {
  const server = makeServer()
  server.on("connection", (socket) => operatorsSockets.add(socket))
  for (const event of requestEvents)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      main.emit(event, request, response)
    })
  return server
}

/** `allowedOrigins`: patterns of the pages that may call from a browser. */
export const make = (allowedOrigins: ReadonlyArray<string> = []): Server => {
  const server = makeServer()
  const isClosing = closeAfterQueue(server)
  serveInTurn(server)
  for (const event of requestEvents)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      for (const [name, value] of securityHeaders) response.setHeader(name, value)
      for (const [name, value] of corsHeaders(allowedOrigins, request)) response.setHeader(name, value)
      // No other listener than the two of this file: no answer would ever come.
      if (server.listenerCount(event) === 2) refuse(request, response, isClosing() ? stopping : starting)
    })
  return server
}
