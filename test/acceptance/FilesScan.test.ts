import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { upload } from "../support/uploads.ts"

const folder = temporaryFolder()
let gateway: Running
let client: Client
let scanner: Server
const seen: Array<string> = []

/** The file's text says how the scanner answers. */
const answers: Readonly<Record<string, string>> = {
  good: '{"allow":true}',
  bad: '{"allow":false}',
  odd: "yes",
}

beforeAll(async () => {
  scanner = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => (body += chunk))
    request.on("end", () => {
      seen.push(`${request.method} ${request.headers["content-type"]} ${body}`)
      if (body === "silent") return
      response.writeHead(body === "broken" ? 500 : 200).end(answers[body] ?? '{"allow":true}')
    })
  })
  await new Promise<void>((listening) => scanner.listen(0, "127.0.0.1", listening))
  const { port } = scanner.address() as AddressInfo
  gateway = await startGateway({
    DATA_DIR: folder.path,
    FILES_SCAN_URL: `http://127.0.0.1:${port}/scan`,
    FILES_SCAN_TIMEOUT_MS: "500",
  })
  client = new Client(gateway.url, await tokenFor())
})
afterAll(async () => {
  await gateway.stop("SIGKILL")
  scanner.closeAllConnections()
  scanner.close()
  folder.dispose()
})

it("stores a file only after the scanner has allowed it", async () => {
  const statusOf = async (body: string) =>
    (await upload(client, body, { "content-type": "text/plain" })).status
  expect(await statusOf("good")).toBe(200)
  expect(await statusOf("bad")).toBe(422)
  for (const failure of ["odd", "broken", "silent"]) expect(await statusOf(failure), failure).toBe(503)
  expect(seen).toContain("POST text/plain good")
  expect((await client.json("GET", "/api/v1/files")).data.files).toMatchObject([{ bytes: 4 }])
  const data = `data:text/plain;base64,${Buffer.from("bad").toString("base64")}`
  const refused = await client.json("POST", "/api/v1/chat/start", {
    agentId: "00000000-0000-4000-8000-000000000001",
    attachments: [{ data }],
  })
  expect(refused.error.details[0].path).toBe("payload.attachments.0.data")
})
