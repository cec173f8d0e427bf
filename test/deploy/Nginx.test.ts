/** Behaviour of `docs/deploy/nginx.conf` for streams and for turns that a gateway does not accept. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { describe, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { alone, before, breaks, events, gateway, post, says, start } from "./nginxBefore.ts"

describe("a stream through nginx", () => {
  it("C7: delivers each event before the next one is written, uncompressed, with its headers", async () => {
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

  it("is closed at the gateway when its reader leaves", async () => {
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

  it("breaks at the reader when the gateway breaks it, so that the reader never takes it for complete", async () => {
    const { url } = await alone((request, response) => {
      response
        .writeHead(200, events)
        .write("id: 1\nevent: message\ndata: 1\n\n", () => request.socket.destroy())
    })
    const stream = await fetch(`${url}/api/v1/chat/runs/1/events`)
    await expect(stream.text()).rejects.toThrow("terminated")
  })

  it("C7: survives any silence that heartbeats interrupt, and no longer one", async () => {
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
      const { url } = await before(
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
  const message = "/api/v1/chat/messages/00000000-0000-4000-8000-000000000001"

  it("gets the turn if one is down, stops or breaks off, under the same key and id", async () => {
    const down = `127.0.0.1:${await freePort()}`
    const stopping = await gateway(says(503, "{}", { "retry-after": "1" }))
    const broken = await gateway(breaks)
    for (const other of [down, stopping.address, broken.address]) {
      const well = await gateway(says(200))
      const { url } = await before([other, other, well.address])
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

  it("gets the client's own key, and none if the client resumes", async () => {
    const broken = await gateway(breaks)
    const well = await gateway(says(200))
    const { url } = await before([broken.address, broken.address, well.address])
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

  it("gets no key for a run that ends when its client leaves", async () => {
    const { asked, url } = await alone(says(200))
    const session = "/api/v1/chat/sessions/00000000-0000-4000-8000-000000000001"
    for (const path of ["/api/v1/ag-ui", "/api/v1/ai-sdk/chat", "/v1/chat/completions"])
      await post(url + path)
    await post(`${url}${session}/cancel`)
    for (const path of [start, session, `${session}/resume`, `${message}/edit`, `${message}/regenerate`])
      await post(url + path)
    const keys = asked.map(({ headers }) => typeof headers["idempotency-key"])
    expect(keys).toEqual([...Array(4).fill("undefined"), ...Array(5).fill("string")])
  })

  it("gets an edit and a regeneration that broke, because they have a key", async () => {
    const broken = await gateway(breaks)
    const well = await gateway(says(200))
    const { url } = await before([broken.address, broken.address, well.address])
    for (const path of [`${message}/edit`, `${message}/regenerate`]) {
      const answers = await Promise.all(Array.from({ length: 3 }, () => post(url + path)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    }
    expect(broken.asked.length).toBeGreaterThan(0)
  })

  it("never gets a request again that may have taken effect and has no key", async () => {
    const first = await gateway(breaks)
    const second = await gateway(breaks)
    const { url } = await before([first.address, second.address, second.address])
    const answer = await post(`${url}/api/v1/agents`)
    expect(answer.status).toBe(503)
    expect([...first.asked, ...second.asked]).toHaveLength(1)
    await fetch(`${url}/api/v1/agents`)
    expect([...first.asked, ...second.asked]).toHaveLength(4)
  })

  it("gives the last answer if none accepts the turn, with its Retry-After, and still serves readers", async () => {
    const full = await gateway(({ method }, response) =>
      method === "POST"
        ? says(503, '{"error":{"code":"OVERLOADED"}}', { "retry-after": "7" })(
            {} as IncomingMessage,
            response,
          )
        : says(200)({} as IncomingMessage, response),
    )
    const { url } = await before([full.address, full.address, full.address])
    for (let turn = 0; turn < 5; turn++) {
      const answer = await post(`${url}${start}`)
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "7"])
      expect(await answer.json()).toEqual({ error: { code: "OVERLOADED" } })
      expect((await fetch(`${url}/api/v1/chat/runs/1/events`)).status).toBe(200)
    }
  })
})

describe("connections to the gateway", () => {
  it("are reused for the next request", async () => {
    const { server, url } = await alone(says(200))
    let connections = 0
    server.on("connection", () => (connections += 1))
    for (let turn = 0; turn < 20; turn++) await (await fetch(url)).text()
    // One, or two if this machine was busy for longer than an idle connection stays open.
    expect(connections).toBeLessThanOrEqual(2)
  })
})

describe("the metrics of a gateway", () => {
  it.each(["/metrics", "/metrics/", "/Metrics", "/metrics?x", "//metrics", "/%6detrics", "/x/../metrics"])(
    "are not reachable through nginx: %s",
    async (path) => {
      const asked: Array<string> = []
      const { url } = await alone((request, response) => {
        asked.push(request.url ?? "")
        response.end("crossfade_turns_total 1")
      })
      const answer = await fetch(`${url}${path}`)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ success: false, error: { code: "ROUTE_NOT_FOUND" } })
      expect(asked).toEqual([])
    },
  )
})
