import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import type { ExportLine } from "../../src/client/Contract.ts"
import { CrossfadeError } from "../../src/client/CrossfadeError.ts"
import { make } from "../../src/client/EffectClient.ts"
import { useWorld } from "../support/world.ts"
import { asking, clientOf, collect } from "./reading.ts"

const world = useWorld()
const clientFor = async (user: string) => {
  const { token } = await world.as("acme", user)
  return { client: clientOf(world.gateway.url, token), effects: make({ baseUrl: world.gateway.url, token }) }
}

const linesOf = async (lines: AsyncIterable<ExportLine>) => {
  const read: Array<ExportLine> = []
  for await (const line of lines) read.push(line)
  return read
}

/** A server that answers each request with `body`. */
const serving = async (body: string, use: (url: string) => Promise<void>) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" })
    response.end(body)
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
  }
}

describe("the sessions of the client", () => {
  it("are renamed, pinned, archived, counted, and listed with options", async () => {
    const { client } = await clientFor("lister")
    const [one] = await collect(client.start(asking("one")))
    const [two] = await collect(client.start(asking("two")))
    const changed = await client.updateSession(one!.sessionId, { title: "First", pinned: true })
    expect(changed).toMatchObject({ title: "First", titleSource: "user", pinned: true })
    await client.updateSession(two!.sessionId, { archived: true })
    const titles = async (options: Parameters<typeof client.sessions>[0]) =>
      (await client.sessions(options)).sessions.map(({ title }) => title)
    expect(await titles({})).toEqual(["First"])
    expect(await titles({ archived: true, order: "created" })).toEqual(["two"])
    expect(await titles({ pinned: false, limit: 5 })).toEqual([])
    expect(await client.sessionCounts()).toEqual({ total: 2, archived: 1, pinned: 1, running: 0 })
    const { messages } = await client.session(one!.sessionId)
    const before = await client.session(one!.sessionId, { before: messages[1]!.id })
    expect(before.messages.map(({ content }) => content)).toEqual(["one"])
    const { runs } = await client.runsOf(one!.sessionId)
    expect(runs.map(({ id }) => id)).toEqual([one!.runId])
    expect(await client.cancelSession(one!.sessionId)).toMatchObject({ runId: null, cancelled: false })
    const refused = await client.updateSession(one!.sessionId, { title: "" }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: "VALIDATION_FAILED", details: [{ path: "payload.title" }] })
  })

  it("are exported line by line, all or one, as an iterator and as a stream", async () => {
    const { client, effects } = await clientFor("exporter")
    const [one] = await collect(client.start(asking("one 🙂")))
    await collect(client.start(asking("two")))
    const all = await linesOf(client.exportSessions())
    expect(all.at(0)).toMatchObject({ type: "export", version: 1, userId: "exporter" })
    expect(all.at(-1)).toEqual({ type: "end", sessions: 2, messages: 4, runs: 2 })
    expect(await Effect.runPromise(Stream.runCollect(effects.exportSessions(one!.sessionId)))).toMatchObject([
      { type: "export", sessionId: one!.sessionId },
      { type: "session" },
      { type: "message", message: { content: "one 🙂" } },
      { type: "message", message: { role: "assistant" } },
      { type: "run" },
      { type: "end", sessions: 1, messages: 2, runs: 1 },
    ])
    const unknown = linesOf(client.exportSessions("00000000-0000-4000-8000-00000000dead"))
    assert.strictEqual(
      (await unknown.catch((error: CrossfadeError) => error)) instanceof CrossfadeError,
      true,
    )
  })

  it.each([
    ["is cut off", '{"type":"session"}\n', "CONNECTION_LOST"],
    ["is cut off in a line", '{"type":"session"}\n{"ty', "CONNECTION_LOST"],
    ["has an unreadable line", '{"type":"session"}\n{]\n', "CONNECTION_LOST"],
    [
      "failed",
      '{"type":"session"}\n{"type":"error","error":{"code":"OVERLOADED","message":"Later."}}\n',
      "OVERLOADED",
    ],
  ])("are no complete export if it %s", async (_, body, code) => {
    await serving(body, async (url) => {
      const read: Array<string> = []
      const reading = async () => {
        for await (const { type } of clientOf(url, "t").exportSessions()) read.push(type)
      }
      await expect(reading()).rejects.toMatchObject({ code })
      expect(read).toEqual(["session"])
    })
  })
})
