/**
 * An upstream on loopback that writes its answers byte by byte to the socket: heads that no HTTP server would send, cuts at
 * any byte, resets, silence.
 */
import { createServer, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import type { Bytes } from "../wires/Wires.ts"
import type { WireServer } from "../wires/WireServer.ts"

/** Answers one request. The connection stays open unless the function ends it. */
export type Answering = (connection: Connection) => Promise<void>

export class Connection {
  readonly #socket: Socket
  constructor(socket: Socket) {
    this.#socket = socket
  }

  get isClosed(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded
  }

  /** Resolves when the kernel has taken the bytes, or at once on a closed connection. */
  write(bytes: Bytes): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    return new Promise((taken) => {
      const done = () => taken()
      this.#socket.once("close", done)
      this.#socket.write(bytes, () => {
        this.#socket.off("close", done)
        taken()
      })
    })
  }

  wait(ms: number): Promise<void> {
    return new Promise((over) => setTimeout(over, ms))
  }

  fin(): void {
    this.#socket.end()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }
}

/** An answer that the end of the connection ends. */
export const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"

const bodyOf = (request: string): string | undefined => {
  const at = request.indexOf("\r\n\r\n")
  const length = /content-length: (\d+)/i.exec(request)?.[1]
  const body = request.slice(at + 4)
  return at >= 0 && Buffer.byteLength(body) >= Number(length ?? 0) ? body : undefined
}

const cancelled =
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 34\r\nconnection: close\r\n\r\n{"cancelled":true,"session_id":""}'

const listening = (server: Server): Promise<string> =>
  new Promise((ready) =>
    server.listen(0, "127.0.0.1", () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )

export const startRawUpstream = async (answer: Answering): Promise<WireServer> => {
  const asked: WireServer["asked"] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    let request = ""
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    // A peer that aborts is what these tests are about.
    socket.on("error", () => undefined)
    socket.on("data", (bytes) => {
      request += bytes.toString()
      const body = bodyOf(request)
      if (body === undefined) return
      const isCancel = request.split("\r\n", 1)[0]?.includes("/execute/cancel") === true
      request = ""
      if (isCancel) return void socket.end(cancelled)
      asked.push(JSON.parse(body))
      void answer(new Connection(socket))
    })
  })
  const url = await listening(server)
  const stop = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      for (const socket of sockets) socket.destroy()
    })
  return { url, asked, stop }
}

/** An address at which nothing listens. A port that was free a moment ago may belong to a parallel test's server. */
export const startNothing = (): Promise<WireServer> =>
  Promise.resolve({ url: "http://127.0.0.1:1", asked: [], stop: () => Promise.resolve() })
