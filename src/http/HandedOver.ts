/**
 * A server whose connections come from another process, which has the listening socket. It opens and closes like a
 * server of its own port: `close` waits until no connection is on its way, and then for the open ones.
 */
import type { Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"

export interface Connections {
  readonly address: AddressInfo
  /** Begins to take connections. */
  readonly open: (take: (socket: Socket) => void) => void
  /** No connection arrives after `done`. */
  readonly leave: (done: () => void) => void
}

export const handOver = (server: Server, connections: Connections): Server => {
  const sockets = new Set<Socket>()
  let listening = false
  let whenEmpty = (): void => {}
  const take = (socket: Socket): void => {
    sockets.add(socket)
    socket.once("close", () => {
      sockets.delete(socket)
      if (sockets.size === 0) whenEmpty()
    })
    // As for the connections of Node's own HTTP server: a client that ends its side still gets its response.
    socket.allowHalfOpen = true
    server.emit("connection", socket)
    socket.resume()
  }
  const listen = (_options: unknown, ready: () => void): Server => {
    listening = true
    // Node's HTTP server starts its checks for slow requests with this event.
    server.emit("listening")
    connections.open(take)
    ready()
    return server
  }
  const close = (done?: () => void): Server => {
    connections.leave(() => {
      listening = false
      server.closeIdleConnections()
      whenEmpty = () => done?.()
      if (sockets.size === 0) whenEmpty()
    })
    return server
  }
  return Object.defineProperties(server, {
    listening: { get: () => listening },
    address: { value: () => connections.address },
    listen: { value: listen },
    close: { value: close, writable: true },
  })
}
