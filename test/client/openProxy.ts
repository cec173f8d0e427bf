/**
 * A TCP proxy before the gateway. A test may move it to another gateway, and stall it: a stalled connection stays open and
 * carries no bytes to the client.
 */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export const openProxy = async (target: string) => {
  let current = target
  let stalled: RegExp | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const { hostname, port } = new URL(current)
    const upstream = connect(Number(port), hostname)
    let seen = ""
    let quiet = false
    const close = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", close).on("close", () => {
        sockets.delete(socket)
        close()
      })
    }
    client.on("data", (data) => upstream.write(data))
    upstream.on("data", (data) => {
      seen += data.toString("latin1")
      quiet ||= stalled?.test(seen) === true
      if (!quiet) client.write(data)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Connections whose response matches carry nothing from then on. Undefined: new connections work. */
    stall: (response: RegExp | undefined) => {
      stalled = response
    },
    moveTo: (url: string) => {
      current = url
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
