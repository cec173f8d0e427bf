/** An upstream that writes raw bytes, so that a test can break HTTP itself. */
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"

export interface RawUpstream {
  readonly url: string
  /** The heads of the requests, in order. */
  readonly asked: Array<string>
  readonly open: () => number
}

/** `answer` is called with each request's head after the whole head has arrived. */
export const rawUpstream = (answer: (socket: Socket, head: string) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const asked: Array<string> = []
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
        socket.on("error", () => {})
        let text = ""
        socket.on("data", (chunk) => {
          text += chunk.toString("latin1")
          const end = text.indexOf("\r\n\r\n")
          if (end === -1) return
          const head = text.slice(0, end)
          // One request per connection is enough here; the rest is its body.
          text = ""
          if (!/^[A-Z]+ \S+ HTTP/.test(head)) return
          asked.push(head)
          answer(socket, head)
        })
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      return { url, asked, open: () => sockets.size, server, sockets }
    }),
    ({ server, sockets }) =>
      Effect.sync(() => {
        server.close()
        for (const socket of sockets) socket.destroy()
      }),
  )

/** Writes `part` while the peer accepts it, up to `most` bytes. */
export const flood = (socket: Socket, part: string, most = Number.POSITIVE_INFINITY): void => {
  const bytes = Buffer.from(part.repeat(Math.max(1, Math.ceil(65_536 / part.length))))
  let written = 0
  const more = (): void => {
    while (!socket.destroyed && written < most) {
      written += bytes.length
      if (!socket.write(bytes)) return void socket.once("drain", more)
    }
  }
  more()
}

/** Writes one character at a time. */
export const drip = (socket: Socket, text: string, everyMs: number): void => {
  let at = 0
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ""), everyMs)
  socket.on("close", () => clearInterval(timer))
}
