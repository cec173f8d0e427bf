/** A forward proxy on loopback that records its requests: absolute-form requests, and tunnels (RFC 9110, 9.3.6). */
import { once } from "node:events"
import { createServer, request as ask } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"

export interface ProxyOptions {
  /** The address for every call, for any host name. */
  readonly to: string
  /** `user:password` that callers must send. */
  readonly auth?: string
}

export const startProxy = async ({ auth, to }: ProxyOptions) => {
  const asked: Array<string> = []
  const connections: Array<Socket> = []
  const { hostname, port } = new URL(to)
  const isAllowed = (header: string | undefined) =>
    auth === undefined || header === `Basic ${Buffer.from(auth).toString("base64")}`

  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (!isAllowed(request.headers["proxy-authorization"])) {
      response.writeHead(407, { "proxy-authenticate": 'Basic realm="x"' })
      response.end()
      return
    }
    const { pathname, search } = new URL(request.url ?? "")
    const { "proxy-authorization": _, ...headers } = request.headers
    const onward = ask(
      { host: hostname, port, method: request.method, path: `${pathname}${search}`, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on("error", () => response.destroy())
    response.on("close", () => onward.destroy())
    request.pipe(onward)
  })
  server.on("connection", (socket) => {
    connections.push(socket)
    // A caller that leaves in the middle does not fail the test.
    socket.on("error", () => {})
  })
  server.on("connect", (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`)
    if (!isAllowed(request.headers["proxy-authorization"])) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
      return
    }
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
      socket.pipe(onward)
      onward.pipe(socket)
    })
    onward.on("error", () => socket.destroy())
    socket.on("error", () => onward.destroy())
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const stop = () => {
    server.close()
    for (const connection of connections) connection.destroy()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, connections, stop }
}
