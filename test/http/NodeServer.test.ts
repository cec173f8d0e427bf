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

describe("a request that nobody serves", () => {
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

it("keeps an idle connection for longer than the load balancer before it, and says for how long", async () => {
  const port = await listening()
  server.on("request", (_, response) => response.end())
  const answer = await fetch(`http://127.0.0.1:${port}`)
  expect(Number(answer.headers.get("keep-alive")?.match(/^timeout=(\d+)$/)?.[1])).toBeGreaterThan(60)
})
