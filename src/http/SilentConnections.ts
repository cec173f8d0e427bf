/**
 * Connections that have sent nothing yet. Clients open some in advance, and Node's fetch opens one after each aborted
 * request. Node takes them for busy ones, so a closing server would wait for them until its last timeout.
 */
import type { Server } from "node:http"
import type { Socket } from "node:net"

/** Milliseconds in which a connection must send its first byte if the server closes. */
const firstByteWithin = 1000

/** Milliseconds between two checks of a closing server. */
const checkPeriod = 100

/** Makes `close` also end the silent connections. Call the returned function for the socket of each request. */
export const closeSilent = (server: Server): ((socket: Socket) => void) => {
  const opened = new Map<Socket, number>()
  // One function for all sockets, because each connection would otherwise hold its own.
  const forget = function (this: Socket): void {
    opened.delete(this)
  }
  server.on("connection", (socket: Socket) => {
    opened.set(socket, performance.now())
    socket.once("close", forget)
  })
  const check = (): void => {
    const before = performance.now() - firstByteWithin
    for (const [socket, at] of opened) if (at <= before && socket.bytesRead === 0) socket.destroy()
  }
  const close = server.close.bind(server)
  server.close = (done) => {
    const timer = setInterval(check, checkPeriod)
    return close((error) => {
      clearInterval(timer)
      done?.(error)
    })
  }
  return (socket) => opened.delete(socket)
}
