/** What `docs/deploy/nginx.conf` does, with a real nginx before servers that show what reached them. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { startNginx } from "../support/nginx.ts"
import type { Running } from "../support/processes.ts"

const servers: Array<Server> = []
const running: Array<Running> = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((nginx) => nginx.stop("SIGKILL")))
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

type Serve = (request: IncomingMessage, response: ServerResponse) => void

/** Stands where a gateway would; `asked` are the requests that reached it, with their bodies read. */
const gateway = async (serve: Serve) => {
  const asked: Array<IncomingMessage> = []
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      asked.push(request)
      serve(request, response)
    })
  })
  servers.push(server.listen(0, "127.0.0.1"))
  await once(server, "listening")
  return { asked, server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const before = async (...args: Parameters<typeof startNginx>): Promise<string> => {
  const nginx = await startNginx(...args)
  running.push(nginx)
  return nginx.url
}

const alone = async (serve: Serve) => {
  const one = await gateway(serve)
  return { ...one, url: await before([one.address, one.address, one.address]) }
}

const says =
  (status: number, body = "{}", headers: Record<string, string> = {}): Serve =>
  (_, response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body)

const breaks: Serve = (request) => request.socket.destroy()

const post = (url: string, headers: Record<string, string> = {}, body = "{}") =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })

const start = "/api/v1/chat/start"
const events = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" }

/** The bytes that nginx answers to exactly these. */
const raw = async (url: string, text: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  let answer = ""
  socket.setEncoding("latin1").on("data", (data: string) => (answer += data))
  socket.write(text)
  await once(socket, "end")
  return answer
}

describe("a stream through nginx", () => {
  it("C7: gives each event before the next one is written, uncompressed, with its headers", async () => {
    let response: ServerResponse | undefined
    const { url } = await alone((_, answer) => {
      response = answer.writeHead(200, { ...events, "cache-control": "no-cache, no-transform" })
      response.write(": open\n\n")
    })
    const stream = await fetch(`${url}/api/v1/chat/runs/1/events`, { headers: { "accept-encoding": "gzip" } })
    expect(Object.fromEntries(stream.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    })
    expect(stream.headers.get("content-encoding")).toBeNull()
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe(": open\n\n")
    for (const event of ["id: 1\nevent: message\ndata: 1\n\n", "id: 2\nevent: done\ndata: 2\n\n"]) {
      response!.write(event)
      expect((await reader.read()).value).toBe(event)
    }
    response!.end()
    expect((await reader.read()).done).toBe(true)
  })

  it("that is left by its reader is left at the gateway", async () => {
    let closed = false
    const { url } = await alone((_, response) => {
      response.writeHead(200, events).write(": open\n\n")
      response.once("close", () => (closed = true))
    })
    const abort = new AbortController()
    await fetch(`${url}${start}`, { method: "POST", body: "{}", signal: abort.signal })
    expect(closed).toBe(false)
    abort.abort()
    await eventually(async () => closed)
  })

  it("C7: outlives any silence that heartbeats break, and no other", async () => {
    const beating = await gateway((_, response) => {
      response.writeHead(200, events).write(": open\n\n")
      let beats = 0
      const timer = setInterval(() => {
        response.write("event: heartbeat\ndata: null\n\n")
        if (++beats === 10) response.end("event: done\ndata: {}\n\n", () => clearInterval(timer))
      }, 400)
    })
    const silent = await gateway((_, response) => response.writeHead(200, events).write(": open\n\n"))
    const read = async ({ address }: { readonly address: string }) => {
      const url = await before(
        [address, address, address],
        [["proxy_read_timeout 75s", "proxy_read_timeout 3s"]],
      )
      return (await fetch(`${url}/api/v1/chat/runs/1/events`)).text()
    }
    await expect(read(silent)).rejects.toThrow("terminated")
    expect(await read(beating)).toContain("event: done")
  })
})

describe("another gateway", () => {
  it("takes the turn when one is down, stops or breaks off, under the same key and id", async () => {
    const down = `127.0.0.1:${await freePort()}`
    const stopping = await gateway(says(503, "{}", { "retry-after": "1" }))
    const broken = await gateway(breaks)
    for (const other of [down, stopping.address, broken.address]) {
      const well = await gateway(says(200))
      const url = await before([other, other, well.address])
      const answers = await Promise.all(Array.from({ length: 6 }, () => post(`${url}${start}`)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
      expect(well.asked).toHaveLength(6)
      const keys = well.asked.map(({ headers }) => headers["idempotency-key"])
      expect(new Set(keys).size).toBe(6)
      for (const { headers } of well.asked) {
        expect(headers["idempotency-key"]).toMatch(/^[0-9a-f]{32}$/)
        expect(headers["x-request-id"]).toBe(headers["idempotency-key"])
      }
      const ofOther = [...stopping.asked.splice(0), ...broken.asked.splice(0)]
      expect(other === down || ofOther.length > 0).toBe(true)
      for (const { headers } of ofOther) expect(keys).toContain(headers["idempotency-key"])
    }
  })

  it("is asked with the client's own key, and without one where the client resumes", async () => {
    const broken = await gateway(breaks)
    const well = await gateway(says(200))
    const url = await before([broken.address, broken.address, well.address])
    const path = "/api/v1/chat/sessions/00000000-0000-4000-8000-000000000001"
    await Promise.all(
      Array.from({ length: 3 }, () =>
        post(`${url}${path}`, { "idempotency-key": "mine", "x-request-id": "r-1" }),
      ),
    )
    await post(`${url}${path}`, { "last-event-id": "3", "x-request-id": "r-1" })
    for (const { headers } of [...broken.asked, ...well.asked]) {
      expect(headers["idempotency-key"]).toBe(headers["last-event-id"] === undefined ? "mine" : undefined)
      expect(headers["x-request-id"]).toBe("r-1")
    }
    expect(well.asked).toHaveLength(4)
  })

  it("does not get a request a second time that may have had its effect and has no key at the gateway", async () => {
    const first = await gateway(breaks)
    const second = await gateway(breaks)
    const url = await before([first.address, second.address, second.address])
    const answer = await post(`${url}/api/v1/agents`)
    expect(answer.status).toBe(503)
    expect([...first.asked, ...second.asked]).toHaveLength(1)
    await fetch(`${url}/api/v1/agents`)
    expect([...first.asked, ...second.asked]).toHaveLength(4)
  })

  it("has the last word when none takes the turn, with its Retry-After, and readers are served all the same", async () => {
    const full = await gateway(({ method }, response) =>
      method === "POST"
        ? says(503, '{"error":{"code":"OVERLOADED"}}', { "retry-after": "7" })(
            {} as IncomingMessage,
            response,
          )
        : says(200)({} as IncomingMessage, response),
    )
    const url = await before([full.address, full.address, full.address])
    for (let turn = 0; turn < 5; turn++) {
      const answer = await post(`${url}${start}`)
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "7"])
      expect(await answer.json()).toEqual({ error: { code: "OVERLOADED" } })
      expect((await fetch(`${url}/api/v1/chat/runs/1/events`)).status).toBe(200)
    }
  })
})

describe("what nginx answers itself", () => {
  it("has the form of the gateway's own errors when no gateway can be reached", async () => {
    const down = `127.0.0.1:${await freePort()}`
    const answer = await post(`${await before([down, down, down])}${start}`, { "x-request-id": "r-2" })
    expect(answer.status).toBe(503)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/json",
      "retry-after": "1",
      "x-request-id": "r-2",
    })
    expect(await answer.json()).toEqual({
      success: false,
      error: { code: "OVERLOADED", message: "The service cannot be reached now.", retryAfter: 1 },
    })
  })

  it("C2: has it for a body that is far too large; a little too large is the gateway's to say", async () => {
    const { asked, url } = await alone(says(413))
    const huge = await post(`${url}${start}`, {}, "x".repeat(3 * 1024 * 1024))
    expect(huge.status).toBe(413)
    expect(await huge.json()).toMatchObject({ success: false, error: { code: "PAYLOAD_TOO_LARGE" } })
    expect(asked).toHaveLength(0)
    await post(`${url}${start}`, {}, "x".repeat(1024 * 1024 + 1))
    expect(asked).toHaveLength(1)
  })

  it("C3: is 400 for a request of two lengths, and nothing of it reaches a gateway", async () => {
    const { asked, url } = await alone(says(200))
    const head = `POST ${start} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`
    for (const lengths of [
      "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
      "Content-Length: 3\r\nContent-Length: 4\r\n",
      "Content-Length: 3\r\nContent-Length: 3\r\n",
      "Content-Length: +3\r\n",
      "Content-Length: 3, 3\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      "Transfer-Encoding: xchunked\r\n",
    ]) {
      const answer = await raw(url, `${head}${lengths}\r\n0\r\n\r\n`)
      expect([lengths, answer.slice(0, 12)]).toEqual([
        lengths,
        expect.stringMatching(/^HTTP\/1\.1 (400|501)$/),
      ])
    }
    expect(asked).toHaveLength(0)
  })

  it("X11: gives the gateway an id of nginx's own for one that no log should have", async () => {
    const { asked, url } = await alone(says(200))
    await fetch(url, { headers: { "x-request-id": "a b" } })
    await fetch(url, { headers: { "x-request-id": "x".repeat(5000) } })
    for (const { headers } of asked) expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/)
    expect(asked).toHaveLength(2)
  })
})

describe("connections to the gateway", () => {
  it("are kept for the next request", async () => {
    const { server, url } = await alone(says(200))
    let connections = 0
    server.on("connection", () => (connections += 1))
    for (let turn = 0; turn < 20; turn++) await (await fetch(url)).text()
    // One, and another where this machine was busy for longer than an idle connection is kept.
    expect(connections).toBeLessThanOrEqual(2)
  })
})
