import { once } from "node:events"
import type { RequestListener, Server, ServerResponse } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import * as NodeServer from "../../src/http/NodeServer.ts"

let server: Server
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

const listening = async (allowedOrigins?: ReadonlyArray<string>): Promise<number> => {
  server = NodeServer.make(allowedOrigins).listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

describe("a request without a handler", () => {
  it("before the service is built is refused at once, under its own id", async () => {
    const port = await listening()
    const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { "x-request-id": "r-1" } })
    expect(answer.status).toBe(503)
    expect(Object.fromEntries(answer.headers)).toMatchObject({ "retry-after": "1", "x-request-id": "r-1" })
    expect(await answer.json()).toMatchObject({
      success: false,
      error: { code: "OVERLOADED", retryAfter: 1 },
    })
    server.on("request", (_, response) => response.end("served"))
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("served")
  })

  it("gets an answer if it waits in the kernel's queue when the server closes", async () => {
    const port = await listening()
    const asks = Array.from({ length: 20 }, async () => {
      const socket = connect(port, "127.0.0.1")
      socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
      const [first] = (await once(socket, "data")) as [Buffer]
      return first.toString().split("\r\n")[0]
    })
    // The connections are made before the loop turns: none is taken yet.
    process.nextTick(() => server.close())
    expect(new Set(await Promise.all(asks))).toEqual(new Set(["HTTP/1.1 503 Service Unavailable"]))
  })

  it("from a listed page is answered so that the page can read the 503, and its preflight lets it come", async () => {
    const url = `http://127.0.0.1:${await listening(["https://chat.example"])}/api/v1/chat/start`
    const origin = "https://chat.example"
    const asked = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    }
    const preflight = await fetch(url, { method: "OPTIONS", headers: asked })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin)
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization")
    const answer = await fetch(url, { method: "POST", headers: { origin } })
    expect(answer.status).toBe(503)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": expect.stringContaining("retry-after"),
      vary: "Origin",
    })
    const other = await fetch(url, { method: "POST", headers: { origin: "https://evil.example" } })
    expect(other.headers.get("access-control-allow-origin")).toBeNull()
    expect(other.headers.get("vary")).toBe("Origin")
  })

  it("and one that is served have the page's headers also with `Expect: 100-continue`", async () => {
    const port = await listening(["https://chat.example"])
    const answer = async (): Promise<string> => {
      const socket = connect(port, "127.0.0.1")
      const headers = ["Host: x", "Origin: https://chat.example", "Expect: 100-continue", "Content-Length: 9"]
      socket.write(`POST / HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`)
      const [data] = (await once(socket, "data")) as [Buffer]
      socket.destroy()
      return data.toString().toLowerCase()
    }
    const allowed = "access-control-allow-origin: https://chat.example"
    expect(await answer()).toMatch(new RegExp(`^http/1.1 503 [^]*${allowed}`))
    const serve: RequestListener = (_, response) => response.writeHead(413).end()
    server.on("request", serve)
    server.on("checkContinue", serve)
    expect(await answer()).toMatch(new RegExp(`^http/1.1 413 [^]*${allowed}`))
  })

  it("after the service has let go is refused too, on a connection whose last answer still ends", async () => {
    const port = await listening()
    const serve: RequestListener = () => {}
    server.on("request", serve)
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.setEncoding("utf8").on("data", (data: string) => (text += data))
    socket.write("GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
    const [, first] = (await once(server, "request")) as [unknown, ServerResponse]
    server.close()
    server.off("request", serve)
    const second = "GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
    const received = first.socket!.bytesRead + second.length
    socket.write(second)
    await eventually(async () => first.socket!.bytesRead === received)
    first.end("served")
    await once(socket, "end")
    const [one, two] = text.split(/(?=HTTP\/1\.1 503)/)
    expect(one).toMatch(/^HTTP\/1\.1 200 [^]*served/)
    expect(two).toContain('"code":"SHUTTING_DOWN"')
  })
})

describe("a connection that has sent nothing", () => {
  it("does not delay the end of a closing server", async () => {
    const port = await listening()
    const socket = connect(port, "127.0.0.1").resume()
    await once(server, "connection")
    const closed = once(server, "close")
    server.close()
    await once(socket, "close")
    await closed
  })

  it("may still send its request when the server closes", async () => {
    const port = await listening()
    const socket = connect(port, "127.0.0.1")
    await once(server, "connection")
    server.close()
    await eventually(async () => !server.listening)
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    const [answer] = (await once(socket, "data")) as [Buffer]
    expect(answer.toString()).toContain('"code":"SHUTTING_DOWN"')
  })
})

it("keeps an idle connection for longer than the load balancer before it, and says for how long", async () => {
  const port = await listening()
  server.on("request", (_, response) => response.end())
  const answer = await fetch(`http://127.0.0.1:${port}`)
  expect(Number(answer.headers.get("keep-alive")?.match(/^timeout=(\d+)$/)?.[1])).toBeGreaterThan(60)
})

describe("bytes that are not a request", () => {
  const answerTo = async (text: string): Promise<{ readonly head: string; readonly body: unknown }> => {
    const port = await listening()
    server.on("request", (_, response) => response.end("served"))
    const socket = connect(port, "127.0.0.1")
    let answer = ""
    socket.setEncoding("utf8").on("data", (data: string) => (answer += data))
    socket.write(text)
    await once(socket, "close")
    const [head = "", body = ""] = answer.split("\r\n\r\n")
    return { head, body: JSON.parse(body) }
  }
  const refused = (code: string) => ({ success: false, error: { code, message: expect.any(String) } })

  it.each([
    ["GARBAGE\r\n\r\n", "400 Bad Request", "VALIDATION_FAILED"],
    ["GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", "400 Bad Request", "VALIDATION_FAILED"],
    [
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "400 Bad Request",
      "VALIDATION_FAILED",
    ],
    [
      `GET / HTTP/1.1\r\nHost: x\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`,
      "431 Request Header Fields Too Large",
      "HEADERS_TOO_LARGE",
    ],
  ])("is refused with an envelope: %s", async (text, status, code) => {
    const { body, head } = await answerTo(text)
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`))
    expect(head).toContain("content-type: application/json")
    expect(head).toContain("connection: close")
    expect(body).toEqual(refused(code))
  })

  it("C1: may take 30 s to arrive, and is then refused with an envelope", async () => {
    const port = await listening()
    expect(server.requestTimeout).toBe(30_000)
    const socket = connect(port, "127.0.0.1")
    const [accepted] = await once(server, "connection")
    let answer = ""
    socket.setEncoding("utf8").on("data", (data: string) => (answer += data))
    server.emit("clientError", Object.assign(new Error(), { code: "ERR_HTTP_REQUEST_TIMEOUT" }), accepted)
    await once(socket, "close")
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/)
    expect(JSON.parse(answer.split("\r\n\r\n")[1]!)).toEqual(refused("REQUEST_TIMEOUT"))
  })

  it("writes nothing into an answer that is on its way", async () => {
    const port = await listening()
    server.on("request", (_, response) => response.write("begun"))
    const socket = connect(port, "127.0.0.1")
    let answer = ""
    socket.setEncoding("utf8").on("data", (data: string) => (answer += data))
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(async () => answer.includes("begun"))
    socket.write("GARBAGE\r\n\r\n")
    await once(socket, "close")
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1)
    expect(answer).not.toContain("VALIDATION_FAILED")
  })
})

describe("pipelined requests", () => {
  const request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"

  it("are served one after the other, in their order", async () => {
    const port = await listening()
    const served: Array<ServerResponse> = []
    server.on("request", (_, response) => served.push(response))
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.on("data", (data) => (text += data.toString()))
    socket.write(request.repeat(3))
    for (const answer of ["first", "second", "third"]) {
      const response = await eventually(async () => served.at(-1)?.writableEnded === false && served.at(-1))
      response.end(answer)
    }
    await eventually(async () => text.includes("third"))
    expect(text.match(/first|second|third/g)).toEqual(["first", "second", "third"])
    expect(served).toHaveLength(3)
    socket.destroy()
  })

  it("close the connection beyond the number that any client needs", async () => {
    const port = await listening()
    let served = 0
    server.on("request", () => (served += 1))
    const socket = connect(port, "127.0.0.1").resume()
    socket.write(request.repeat(1000))
    await once(socket, "close")
    expect(served).toBe(1)
  })
})
