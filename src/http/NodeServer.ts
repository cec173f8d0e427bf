/**
 * Node's HTTP server, arranged so that neither a start nor a shutdown leaves a request without a response. The port
 * opens before startup finishes and stays open during the shutdown; in both phases it answers 503. A shutdown is as
 * quick as its last stream: a connection that becomes idle is closed at once, while Node alone would wait for its
 * keep-alive time.
 */
import { randomUUID } from "node:crypto"
import {
  createServer,
  IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
  STATUS_CODES,
} from "node:http"
import type { Duplex } from "node:stream"
import type { PublicError } from "../protocol/PublicError.ts"
import { corsHeaders, isPreflight } from "./Cors.ts"
import * as ErrorResponse from "./ErrorResponse.ts"
import { type Connections, handOver } from "./HandedOver.ts"
import { isSane } from "./RequestId.ts"
import { pathOf } from "./RequestPath.ts"
import { closeSilent } from "./SilentConnections.ts"

/** Milliseconds for a whole request to arrive; its response may stream without a limit. */
const requestTimeout = 30_000
/** Milliseconds between two checks for slow requests; Node's own 30 s would allow up to a minute. */
const connectionsCheckingInterval = 1000

const refuse = (request: IncomingMessage, response: ServerResponse, error: PublicError): void => {
  // After a refused preflight, the page would never see the 503 of the real request.
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
 * Milliseconds before an idle connection closes: longer than the 60 s of nginx and of cloud load balancers, so that
 * they close first. If this side closed first, a request on its way would be lost.
 */
const keepAliveTimeout = 75_000

/**
 * Connections that may wait for acceptance, if the kernel allows it (`net.core.somaxconn`). Beyond it the kernel
 * delays and resets clients; here they get a 503 with a retry time.
 */
export const backlog = 4096

/**
 * Milliseconds of silence before the kernel probes the peer: ten probes, one a second. A heartbeat written meanwhile
 * ends the probes; `StalledReaders` then finds a dead peer 10 s later, within 30 s in total.
 */
const keepAliveInitialDelay = 7000

/** For all responses, as a proxy would set them. They matter for pages, which add their own policy. */
const securityHeaders = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
} as const

/** The error for a request that Node's parser refuses. The codes are those of Node and llhttp. */
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

/** Writes the response for requests for which Node has no response object. */
const answerRaw = (socket: Duplex, error: PublicError, request?: IncomingMessage): void => {
  const { body, headers, status } = ErrorResponse.make(error, request)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy())
}

/** Milliseconds for which a closing server accepts connections that arrive without a pause. */
const longestAccepting = 1000
/**
 * After this many turns of Node's loop without a new connection, the kernel's queue is empty. The first may be a
 * partial one.
 */
const emptyAfter = 3

/**
 * Makes `close` accept the connections in the kernel's queue before it closes the listener. The kernel resets the
 * rest of the queue, and the client of a reset connection cannot know whether its request was accepted. Node accepts
 * one connection in each turn of its loop. Returns a function that tells whether `close` was called.
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

/**
 * Requests that may wait on a connection for an earlier one. Browsers and proxies send the next one after the
 * response.
 */
const mostPipelined = 32

/**
 * Serves the requests of a connection one after the other. Node parses pipelined requests at once, and the responses
 * behind an earlier one, which the client may never read, would stay in memory whole.
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

/** The last response on each connection. */
const answers = new WeakMap<Duplex, ServerResponse>()

/** An upload that is still arriving. `UploadBody` limits its time. */
const isUpload = ({ req, writableEnded }: ServerResponse): boolean =>
  !writableEnded && req.method === "POST" && pathOf(req.url ?? "") === "/api/v1/files"

type Headers = OutgoingHttpHeaders | Array<OutgoingHttpHeader>

/**
 * Adds the headers of all responses as they are written. With `setHeader`, Node stores a table of them for the life of a
 * response.
 */
const responseWith = (allowedOrigins: ReadonlyArray<string>) =>
  class extends ServerResponse {
    override writeHead(status: number, message?: string | Headers, own?: Headers): this {
      const [text, headers] =
        typeof message === "string" ? [message, own] : [STATUS_CODES[status] ?? "", own ?? message]
      if (Array.isArray(headers)) throw new TypeError("response headers must be an object")
      super.writeHead(status, text, {
        ...securityHeaders,
        ...corsHeaders(allowedOrigins, this.req),
        ...headers,
      })
      flatten(Reflect.get(this, "_header"))
      return this
    }
  }

/** Replaces the pieces of a joined string by one, in place. V8 does so as it reads a number from a string. */
const flatten = (text: unknown): void => void Number(text)

/** The options of each connection. The process that listens sets them. */
export const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay } as const

const makeServer = (allowedOrigins: ReadonlyArray<string>, connections: Connections | undefined): Server => {
  const server: Server = createServer({
    ...socketOptions,
    ServerResponse: responseWith(allowedOrigins),
    requestTimeout,
    connectionsCheckingInterval,
    keepAliveTimeout,
    // The edge checks the header and answers with an envelope.
    requireHostHeader: false,
  })
  if (connections !== undefined) handOver(server, connections)
  const hasSent = closeSilent(server)
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    // Node reports the end of the time once. The upload has its own limits.
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && answer !== undefined && isUpload(answer)) return
    const isAnswering = answer !== undefined && answer.headersSent && !answer.writableFinished
    // The bytes of an error would become a part of the current response.
    if (socket.writable && !isAnswering && error.code !== "ECONNRESET")
      answerRaw(socket, unparsed(error.code))
    else socket.destroy()
  })
  // Without a listener, Node closes the connection without a response.
  server.on("connect", (request, socket) => answerRaw(socket, noTunnel, request))
  for (const event of requestEvents)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      hasSent(request.socket)
      answers.set(request.socket, response)
      response.once("close", () => {
        if (!server.listening) setImmediate(() => server.closeIdleConnections())
      })
    })
  return server
}

/** With a listener, Node emits a request with `Expect: 100-continue` as `checkContinue`. */
const requestEvents = ["request", "checkContinue"] as const

const operatorsSockets = new WeakSet<Duplex>()

/** True for a request to the operators' port. */
export const isOperators = ({ socket }: Pick<IncomingMessage, "socket">): boolean =>
  operatorsSockets.has(socket)

/** The operators' server: a second port of the same service, which knows the port of each request. */
export const makeOperators = (
  main: Server,
  allowedOrigins: ReadonlyArray<string> = [],
  connections?: Connections,
): Server => {
  const server = makeServer(allowedOrigins, connections)
  server.on("connection", (socket) => operatorsSockets.add(socket))
  for (const event of requestEvents)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      main.emit(event, request, response)
    })
  return server
}

/**
 * `allowedOrigins`: patterns of the pages that may call from a browser. `connections`: for a worker, whose connections
 * come from the primary.
 */
export const make = (allowedOrigins: ReadonlyArray<string> = [], connections?: Connections): Server => {
  const server = makeServer(allowedOrigins, connections)
  const isClosing = closeAfterQueue(server)
  serveInTurn(server)
  for (const event of requestEvents)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      // Only this file's two listeners are left, so no handler would answer.
      if (server.listenerCount(event) === 2) refuse(request, response, isClosing() ? stopping : starting)
    })
  return server
}
