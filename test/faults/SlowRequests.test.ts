import { connect, type Socket } from "node:net"
import { expect, it } from "vitest"
import { useOneGateway } from "../support/oneGateway.ts"
import { take } from "./Seen.ts"

const target = useOneGateway()

const sockets = 1000
/** Between two bytes of a slow request. */
const pauseMs = 5000

interface Slow {
  readonly socket: Socket
  /** All that came before the server closed the connection. */
  readonly closed: Promise<string>
}

const slow = (beginning: string): Slow => {
  const socket = connect(Number(new URL(target.gateway.url).port), "127.0.0.1")
  let answer = ""
  socket.setEncoding("utf8").on("data", (data: string) => (answer += data))
  socket.on("error", () => undefined)
  socket.write(beginning)
  const drip = setInterval(() => socket.write("a"), pauseMs)
  const closed = new Promise<string>((done) => {
    socket.once("close", () => {
      clearInterval(drip)
      done(answer)
    })
  })
  return { socket, closed }
}

const header = "GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: "
const body = () =>
  `POST /api/v1/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${target.client.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`

it(
  `C1: ${sockets} requests that arrive byte by byte are closed, and other requests are served meanwhile`,
  { timeout: 90_000 },
  async ({ task }) => {
    const from = performance.now()
    const all = Array.from({ length: sockets }, (_, at) => slow(at % 2 === 0 ? header : body()))
    for (let request = 0; request < 20; request++) {
      expect((await target.client.request("GET", "/api/v1/chat/sessions")).status).toBe(200)
    }
    expect((await (await target.client.start("hello")).rest()).at(-1)?.event).toBe("done")
    expect(all.filter(({ socket }) => !socket.closed).length).toBe(sockets)
    const answers = await Promise.all(all.map(({ closed }) => closed))
    const timedOut = answers.filter((answer) => answer.startsWith("HTTP/1.1 408 ")).length
    const shown = { expected: `${sockets} times 408`, seen: `${timedOut} times 408`, attempts: sockets }
    const ms = performance.now() - from
    take(task, { id: "C1", fault: `${sockets} slow headers and bodies`, at: "the gateway", ...shown, ms })
    expect(timedOut).toBe(sockets)
  },
)
