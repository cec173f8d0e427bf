/**
 * A TCP proxy before the gateway that cuts connections at chosen places: the client gets everything up to the cut,
 * then the end of the connection in the middle of a body. It records each request, so that a test can count them.
 */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export interface Asked {
  readonly method: string
  readonly url: string
  readonly lastEventId: string | undefined
}

/**
 * The n-th request, without preflights, is cut after the first match of `cuts[n]` in its answer; later ones are not
 * cut.
 */
export const startCutProxy = async (target: string, cuts: ReadonlyArray<RegExp> = []) => {
  const { hostname, port } = new URL(target)
  const asked: Array<Asked> = []
  const sockets = new Set<Socket>()

  /** The number of the request that begins here; undefined for a preflight and for further parts of a body. */
  const note = (text: string): number | undefined => {
    const [, method, url] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(text) ?? []
    if (method === undefined || url === undefined || method === "OPTIONS") return undefined
    return asked.push({ method, url, lastEventId: /^last-event-id: (.*)\r$/im.exec(text)?.[1] }) - 1
  }

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let answer = ""
    let cut: RegExp | undefined
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
    client.on("data", (data) => {
      const request = note(data.toString("latin1"))
      if (request !== undefined) {
        answer = ""
        cut = cuts[request]
      }
      upstream.write(data)
    })
    upstream.on("data", (data) => {
      const before = answer.length
      answer += data.toString("latin1")
      const match = cut?.exec(answer)
      if (match === undefined || match === null) return void client.write(data)
      upstream.destroy()
      client.end(data.subarray(0, match.index + match[0].length - before))
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: asked as ReadonlyArray<Asked>,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}

/** After the opening, before the first event. */
export const afterOpening = /^: open\nid: \S+:0\n/m
/** After a whole event. */
export const afterEvent = (seq: number): RegExp =>
  new RegExp(`^id: \\S+:${seq}\nevent: .*\ndata: .*\n\n`, "m")
/** Within an event: its data has begun. */
export const within = (seq: number): RegExp => new RegExp(`^id: \\S+:${seq}\nevent: .*\ndata: .{5}`, "m")
