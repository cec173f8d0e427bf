import { connect } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
afterEach(async () => {
  await gateway?.stop()
  folder.dispose()
})

const startWith = async (env: Readonly<Record<string, string>>) => {
  const port = await freePort()
  gateway = await startGateway({ DATA_DIR: folder.path, ADMIN_PORT: String(port), ...env })
  return `http://127.0.0.1:${port}`
}

const pages = ["/", "/docs", "/openapi.json", "/metrics"]
/** Reads the bodies too: a response that its client does not read delays a stop. */
const statuses = async (url: string, method = "GET") =>
  Promise.all(
    pages.map(async (path) => {
      const response = await fetch(`${url}${path}`, { method })
      await response.arrayBuffer()
      return response.status
    }),
  )

/** The status of a request whose target is sent unchanged. */
const statusOf = (url: string, method: string, target: string) =>
  new Promise<number>((resolve) => {
    const { host, hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${method} ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`),
    )
    socket.once("data", (data) => {
      resolve(Number(data.toString().split(" ")[1]))
      socket.destroy()
    })
  })

describe("with a separate port for operators", () => {
  it("only that port serves their pages; both serve the API and health", async () => {
    const admin = await startWith({})
    expect(await statuses(gateway.url)).toEqual([404, 404, 404, 404])
    expect(await statuses(admin)).toEqual([200, 200, 200, 200])
    for (const url of [gateway.url, admin]) {
      expect((await fetch(`${url}/api/v1/health/ready`)).status).toBe(200)
      const stream = await new Client(url, await tokenFor()).start("hello")
      expect((await stream.rest()).at(-1)?.event).toBe("done")
    }
    expect(gateway.output()).toContain(`Operators' port: ${admin}`)
  })

  it("the public port answers 404 for a hidden page, under any spelling or method", async () => {
    const admin = await startWith({})
    const nothing = await (await fetch(`${gateway.url}/nothing`)).text()
    for (const path of pages) expect(await (await fetch(`${gateway.url}${path}`)).text()).toBe(nothing)
    for (const method of ["HEAD", "POST", "DELETE", "OPTIONS"])
      expect([method, await statuses(gateway.url, method)]).toEqual([method, [404, 404, 404, 404]])
    for (const target of [
      "/%6detrics",
      "/metrics?x",
      "/metrics;x",
      "/metrics%20",
      "/./metrics",
      "/x/../metrics",
      "/%2e/metrics",
      "//metrics",
      "/metrics.",
      `${admin}/metrics`,
      `${gateway.url}/metrics`,
      "http://elsewhere.example/metrics",
      "http://elsewhere.example/docs",
    ])
      expect([target, await statusOf(gateway.url, "GET", target)]).toEqual([target, 404])
  })

  it("the port answers 405 with the allowed methods for another method of a page", async () => {
    const admin = await startWith({})
    for (const method of ["POST", "DELETE", "PUT"]) {
      const answer = await fetch(`${admin}/metrics`, { method })
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"])
    }
    expect(await statuses(admin, "HEAD")).toEqual([200, 200, 200, 200])
  })

  it("each page has its own path", async () => {
    const admin = await startWith({
      PAGE_CONSOLE: "off",
      PAGE_DOCS: "main",
      PAGE_OPENAPI: "main",
      PAGE_METRICS: "admin",
    })
    expect(await statuses(gateway.url)).toEqual([404, 200, 200, 404])
    expect(await statuses(admin)).toEqual([404, 200, 200, 200])
  })

  it("an open stream on the port ends within the grace of a stop", async () => {
    const admin = await startWith({ SHUTDOWN_GRACE_MS: "500" })
    const stream = await new Client(admin, await tokenFor()).start("hello")
    await stream.next()
    const rest = stream.rest()
    await gateway.stop()
    expect(["done", "error"]).toContain((await rest).at(-1)?.event)
  })
})

it("a taken port for operators stops the start with the variable's name", async () => {
  const taken = await startWith({})
  const refused = await startGateway({
    DATA_DIR: `${folder.path}/second`,
    ADMIN_PORT: new URL(taken).port,
  }).then(String, String)
  expect(refused).toContain(`Cannot listen on 127.0.0.1:${new URL(taken).port}`)
  expect(refused).toContain("Set ADMIN_PORT")
  expect(refused).not.toMatch(/^\s+at /m)
})
