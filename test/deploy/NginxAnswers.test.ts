/** The answers of nginx itself under `docs/deploy/nginx.conf`, and the requests that it passes on. */
import { once } from "node:events"
import { connect } from "node:net"
import { describe, expect, it } from "vitest"
import { errorObject } from "../../src/protocol/openai/ErrorObject.ts"
import { eventually } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { alone, before, gateway, post, says, start } from "./nginxBefore.ts"

/** The bytes of nginx's answer to exactly these bytes. */
const raw = async (url: string, text: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  let answer = ""
  socket.setEncoding("latin1").on("data", (data: string) => (answer += data))
  socket.write(text)
  await once(socket, "end")
  return answer
}

describe("nginx's own answers", () => {
  it("have the form of the gateway's errors if no gateway is reachable", async () => {
    const down = `127.0.0.1:${await freePort()}`
    const answer = await post(`${(await before([down, down, down])).url}${start}`, { "x-request-id": "r-2" })
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

  it("C2: have it for a far too large body; the gateway answers a slightly too large one", async () => {
    const { asked, url } = await alone(says(413))
    const huge = await post(`${url}${start}`, {}, "x".repeat(3 * 1024 * 1024))
    expect(huge.status).toBe(413)
    expect(await huge.json()).toMatchObject({ success: false, error: { code: "PAYLOAD_TOO_LARGE" } })
    expect(asked).toHaveLength(0)
    await post(`${url}${start}`, {}, "x".repeat(1024 * 1024 + 1))
    expect(asked).toHaveLength(1)
  })

  it("let the gateway itself refuse the bodies of routes with files", async () => {
    const { asked, url } = await alone(says(413))
    const bodies = {
      "/api/v1/files": 30,
      "/api/v1/ag-ui": 24,
      "/api/v1/ai-sdk/chat": 24,
      "/v1/chat/completions": 24,
    }
    for (const [path, mebibytes] of Object.entries(bodies))
      await post(`${url}${path}`, {}, "x".repeat(mebibytes * 1024 * 1024 + 1))
    expect(asked).toHaveLength(Object.keys(bodies).length)
  })

  it("have the form of OpenAI's errors on its routes", async () => {
    const down = `127.0.0.1:${await freePort()}`
    const answer = await post(`${(await before([down, down, down])).url}/v1/chat/completions`)
    expect(answer.status).toBe(503)
    expect(answer.headers.get("retry-after")).toBe("1")
    const { code, message } = { code: "OVERLOADED", message: "The service cannot be reached now." } as const
    expect(await answer.json()).toEqual(errorObject(code, message, 503))
    const huge = await post(
      `${(await alone(says(413))).url}/v1/chat/completions`,
      {},
      "x".repeat(26 * 1024 * 1024),
    )
    expect(await huge.json()).toEqual(errorObject("PAYLOAD_TOO_LARGE", "The body is too large.", 413))
  })

  it("C3: are 400 for a request with two lengths, and none of it reaches a gateway", async () => {
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

  it("C1: close a connection whose header does not arrive", async () => {
    const { asked, address } = await gateway(says(200))
    const { url } = await before(
      [address, address, address],
      [["client_header_timeout 15s", "client_header_timeout 1s"]],
    )
    expect(await raw(url, `GET ${start} HTTP/1.1\r\nHost: x\r\nX-Slow: `)).toMatch(/^(HTTP\/1\.1 408 |$)/)
    expect(asked).toHaveLength(0)
  })

  it("X6: are logged without tokens, texts or queries", async () => {
    const { address } = await gateway(says(200))
    const nginx = await before([address, address, address])
    await post(
      `${nginx.url}${start}?after=canary-query`,
      { authorization: "Bearer canary-token" },
      "canary-text",
    )
    const log = await eventually(async () => nginx.log() || undefined)
    expect(log).toContain(`POST ${start} 200`)
    expect(log).toContain(`upstream=${address}`)
    expect(log).not.toContain("canary")
  })

  it("X11: replace a request id that is unsafe to log with nginx's own", async () => {
    const { asked, url } = await alone(says(200))
    await fetch(url, { headers: { "x-request-id": "a b" } })
    await fetch(url, { headers: { "x-request-id": "x".repeat(5000) } })
    for (const { headers } of asked) expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/)
    expect(asked).toHaveLength(2)
  })
})
