/**
 * A server on 127.0.0.1 with bare `node:http` exchanges, because the sandbox controls every byte and every broken
 * connection. Each exchange is one fiber of the server's scope: it is interrupted when its client leaves or the scope
 * closes, and closing the scope ends every socket.
 *
 * Invariant: when the fiber of an exchange ends, its response is finished or its connection is closed.
 */
import * as http from "node:http"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** The port is in use, or this user may not listen on it. */
export class SandboxPortUnavailable extends Schema.TaggedError<SandboxPortUnavailable>()(
  "SandboxPortUnavailable",
  {
    port: Schema.Int,
    variable: Schema.String,
    cause: Schema.Defect(),
  },
) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `The sandbox cannot listen on 127.0.0.1:${this.port} (${why}). Set ${this.variable} to a free port, or to 0 for any.`
  }
}

/** The body could not be read: it is too large, or the client left. */
export class BodyUnreadable extends Schema.TaggedError<BodyUnreadable>()("BodyUnreadable", {
  cause: Schema.Defect(),
}) {}

export interface Exchange {
  readonly request: http.IncomingMessage
  readonly response: http.ServerResponse
}

interface ServeOptions {
  /** 0: any free port. */
  readonly port: number
  /** The environment variable that an error names. */
  readonly variable: string
  readonly handle: (exchange: Exchange) => Effect.Effect<void>
}

/** Starts the server; returns its address, without a slash at the end. */
export const serve = Effect.fnUntraced(function* (
  options: ServeOptions,
): Effect.fn.Return<string, SandboxPortUnavailable, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const server = http.createServer((request, response) => {
    // A write that loses the race against a leaving client must not end the process.
    response.on("error", () => response.destroy())
    const fiber = run(settle({ request, response }, options.handle({ request, response })))
    response.once("close", () => fiber.interruptUnsafe())
  })
  const port = yield* Effect.acquireRelease(listen(server, options), () => close(server))
  return `http://127.0.0.1:${port}`
})

const settle = (exchange: Exchange, handled: Effect.Effect<void>): Effect.Effect<void> =>
  handled.pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("The sandbox failed to answer", cause),
    ),
    Effect.ensuring(
      Effect.sync(() => {
        if (!exchange.response.writableEnded) exchange.response.destroy()
      }),
    ),
  )

const listen = (server: http.Server, options: ServeOptions) =>
  Effect.callback<number, SandboxPortUnavailable>((resume) => {
    server.once("error", (cause) =>
      resume(
        Effect.fail(new SandboxPortUnavailable({ port: options.port, variable: options.variable, cause })),
      ),
    )
    server.listen(options.port, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : options.port))
    })
  })

const close = (server: http.Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** The path of the request, without its query. */
export const pathOf = (exchange: Exchange): string => (exchange.request.url ?? "/").replace(/\?.*$/, "")

/** 20 messages of 100 000 characters of up to 4 bytes, and room for the rest. */
const maxBodyBytes = 16_000_000

const collect = async (request: http.IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxBodyBytes) throw new RangeError(`The body has more than ${maxBodyBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString("utf8")
}

export const readBody = (exchange: Exchange): Effect.Effect<string, BodyUnreadable> =>
  Effect.tryPromise({
    try: () => collect(exchange.request),
    catch: (cause) => new BodyUnreadable({ cause }),
  })

export const respond = (
  { response }: Exchange,
  status: number,
  headers: http.OutgoingHttpHeaders,
  body: string | Uint8Array,
): Effect.Effect<void> =>
  Effect.sync(() => {
    response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) }).end(body)
  })

export const respondJson = (
  exchange: Exchange,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): Effect.Effect<void> =>
  respond(exchange, status, { "Content-Type": "application/json", ...headers }, JSON.stringify(body))
