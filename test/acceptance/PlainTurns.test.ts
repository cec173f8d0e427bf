/** A plain turn gets the responses of the contract's own way, which a parameter of the content type selects. */
import { request } from "node:http"
import { once } from "node:events"
import { expect, it } from "vitest"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"

const its = useOneGateway()

const plain = "application/json"
const byContract = "application/json; charset=utf-8"
const session = "01890000-0000-7000-8000-000000000000"

interface Asked {
  readonly path: string
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

const ask = async ({ body, headers = {}, path, token }: Asked, contentType: string) => {
  const response = await fetch(`${its.gateway.url}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token ?? (await tokenFor())}`,
      "content-type": contentType,
      ...headers,
    },
    body,
  })
  const text = await response.text()
  const names = [...response.headers.keys()].filter((name) => name !== "date")
  return { status: response.status, text, names }
}

const start = "/api/v1/chat/start"
const good = JSON.stringify({ agentId: defaultAgent, message: "Hi" })

it.each<readonly [string, Asked]>([
  ["no JSON", { path: start, body: "{" }],
  ["an empty body", { path: start, body: "" }],
  ["a blank message", { path: start, body: JSON.stringify({ agentId: defaultAgent, message: " " }) }],
  ["an unknown agent", { path: start, body: JSON.stringify({ agentId: session, message: "Hi" }) }],
  ["no UTF-8", { path: start, body: new Uint8Array([...Buffer.from(`{"message":"`), 0xff, 0x22, 0x7d]) }],
  ["a wrong token", { path: start, body: good, token: "x.y.z" }],
  ["a wrong API key", { path: start, body: good, token: "sk-x" }],
  ["a wrong key", { path: start, body: good, headers: { "idempotency-key": "x".repeat(256) } }],
  ["an unknown session", { path: `/api/v1/chat/sessions/${session}`, body: '{"message":"Hi"}' }],
  ["a wrong session", { path: "/api/v1/chat/sessions/x", body: '{"message":"Hi"}' }],
  ["a wrong parameter", { path: `${start}?protocol=9`, body: good }],
])("refuses %s as the contract does", async (_, asked) => {
  const [one, other] = [await ask(asked, plain), await ask(asked, byContract)]
  expect(one.status).toBeGreaterThanOrEqual(400)
  expect(one).toEqual(other)
})

it("refuses a token without the permissions of the route", async () => {
  const token = await tokenFor("acme", "ana", ["chat:write"])
  const [one, other] = [
    await ask({ path: start, body: good, token }, plain),
    await ask({ path: start, body: good, token }, byContract),
  ]
  expect(one.status).toBe(403)
  expect(one).toEqual(other)
})

it("streams a turn and continues its session with the headers of the contract's way", async () => {
  const runs = []
  for (const contentType of [plain, byContract])
    runs.push(await ask({ path: start, body: good }, contentType))
  for (const { status, text } of runs) {
    expect(status).toBe(200)
    expect(text).toMatch(/event: done/)
  }
  expect(runs[0]!.names).toEqual(runs[1]!.names)
  const { sessionId } = JSON.parse(/event: done\ndata: (.*)/.exec(runs[0]!.text)![1]!)
  const next = await ask({ path: `/api/v1/chat/sessions/${sessionId}`, body: '{"message":"And?"}' }, plain)
  expect(next.text).toMatch(/event: done/)
})

it("gives a repeated key the run of its first request, from either way", async () => {
  const headers = { "idempotency-key": "plain-1" }
  const first = await ask({ path: start, body: good, headers }, plain)
  const again = await ask({ path: start, body: good, headers }, byContract)
  expect(again.text).toBe(first.text)
  expect(again.names).toContain("idempotent-replayed")
})

it("takes a body that arrives in pieces, and survives a client that leaves in the middle of one", async () => {
  const token = await tokenFor()
  const open = () =>
    request(`${its.gateway.url}${start}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": plain,
        "content-length": Buffer.byteLength(good),
      },
    })
  const leaver = open().on("error", () => {})
  leaver.write(good.slice(0, 10))
  await new Promise((sent) => leaver.write(good.slice(10, 20), sent))
  leaver.destroy()
  const client = open()
  client.write(good.slice(0, 10))
  await new Promise((sent) => client.write(good.slice(10, 20), sent))
  client.end(good.slice(20))
  const [response] = await once(client, "response")
  const chunks: Array<Buffer> = []
  for await (const chunk of response) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString()).toMatch(/event: done/)
})
