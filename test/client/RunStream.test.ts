/** The ends of a connection that a real gateway gives only at rare moments, and the bytes of any server. */
import { describe, expect, it, vi } from "vitest"
import type { ClientOptions } from "../../src/client/Transport.ts"
import { clientOf, collect } from "./reading.ts"

const runId = "01a204a3-ffd1-73d3-8da0-c757416f1bde"
const message = (seq: number, content = `é${seq}`) =>
  frame(seq, "message", {
    id: `${runId}:${seq}`,
    type: "text",
    data: { content },
    timestamp: "2026-01-01T00:00:00.000Z",
  })
const frame = (seq: number, event: string, data: unknown) =>
  `id: ${runId}:${seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
const ending = (seq: number, code: string) =>
  frame(seq, "error", { code, message: "m", runId, recoverable: true })
const done = (seq: number) => frame(seq, "done", { runId })
const heartbeat = "event: heartbeat\ndata: null\n\n"
const opening = (seq: number) => `: open\nid: ${runId}:${seq}\n`

const streamed = (chunks: ReadonlyArray<string | Uint8Array>, headers: Record<string, string> = {}) =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        for (const chunk of chunks)
          controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
        controller.close()
      },
    }),
    {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "x-run-id": runId,
        "x-session-id": "s",
        ...headers,
      },
    },
  )

/** A connection that stays open after its chunks until it is closed, or until `then` ends it at the next read. */
const endless = (
  chunks: ReadonlyArray<string>,
  then: (controller: ReadableStreamDefaultController) => void = () => {},
) => {
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk))
  const { headers } = streamed([])
  return new Response(
    new ReadableStream({
      pull: (controller) => {
        const chunk = left.shift()
        if (chunk === undefined) then(controller)
        else controller.enqueue(chunk)
      },
    }),
    { headers },
  )
}

interface Asked {
  readonly path: string
  readonly lastEventId: string | null
  readonly key: string | null
  readonly token: string | null
}

/** Answers each request with the next response. */
const scripted = (responses: ReadonlyArray<Response>, more: Partial<ClientOptions> = {}) => {
  const asked: Array<Asked> = []
  const fetch: ClientOptions["fetch"] = async (url, init) => {
    const headers = new Headers(init.headers)
    asked.push({
      path: new URL(url).pathname,
      lastEventId: headers.get("last-event-id"),
      key: headers.get("idempotency-key"),
      token: headers.get("authorization"),
    })
    return responses[asked.length - 1] ?? Response.error()
  }
  const client = clientOf("http://gateway.test/", more.token ?? "t", { fetch, resumeForMs: 2000, ...more })
  return { asked, client }
}

const turn = { agentId: "a", message: "m" }
const seqs = (events: Awaited<ReturnType<typeof collect>>) =>
  events.map(({ event, seq }) => `${event} ${seq}`)

describe("the end of a connection", () => {
  it.each(["SHUTTING_DOWN", "EVENTS_UNAVAILABLE"])("with %s resumes after the last event", async (code) => {
    const { asked, client } = scripted([
      streamed([opening(0), message(1), ending(1, code)]),
      streamed([opening(1), message(2), done(3)]),
    ])
    expect(seqs(await collect(client.start(turn)))).toEqual(["open 0", "message 1", "message 2", "done 3"])
    expect(asked.map(({ lastEventId }) => lastEventId)).toEqual([null, `${runId}:1`])
  })

  it("with AUTH_TOKEN_EXPIRED resumes with another token", async () => {
    let calls = 0
    const { asked, client } = scripted(
      [streamed([message(1), ending(1, "AUTH_TOKEN_EXPIRED")]), streamed([done(2)])],
      { token: () => `token ${++calls}` },
    )
    await collect(client.start(turn))
    expect(asked.map(({ token }) => token)).toEqual(["Bearer token 1", "Bearer token 2"])
  })

  it("is tried again with a new token when the callback hangs", async () => {
    let calls = 0
    const hangs = new Promise<string>(() => {})
    const token = () => ((calls += 1) === 1 ? hangs : Promise.resolve("token 2"))
    const { asked, client } = scripted([streamed([done(1)])], { token, silenceMs: 20 })
    await collect(client.start(turn))
    expect(asked.map((one) => one.token)).toEqual(["Bearer token 2"])
  })

  it("with an error of the run is the end of the stream", async () => {
    const { asked, client } = scripted([streamed([message(1), ending(2, "SHUTTING_DOWN")])])
    expect(seqs(await collect(client.start(turn)))).toEqual(["open 0", "message 1", "error 2"])
    expect(asked).toHaveLength(1)
  })
})

describe("events", () => {
  it("are dropped when they come again, and ignored if unknown", async () => {
    const { client } = scripted([
      streamed([message(1), heartbeat, frame(1, "new", {}), message(2)]),
      streamed([message(1), message(2), message(3), done(4)]),
    ])
    expect(seqs(await collect(client.start(turn)))).toEqual([
      "open 0",
      "message 1",
      "message 2",
      "message 3",
      "done 4",
    ])
  })

  it("are the same for every line end, with a byte order mark, and cut at every byte", async () => {
    const text = opening(0) + message(1, "né\u{1f642}") + heartbeat + done(2)
    for (const lineEnd of ["\n", "\r\n", "\r"]) {
      const bytes = new TextEncoder().encode(`\ufeff${text.replaceAll("\n", lineEnd)}`)
      const { client } = scripted([streamed(Array.from(bytes, (byte) => Uint8Array.of(byte)))])
      const events = await collect(client.start(turn))
      expect(seqs(events)).toEqual(["open 0", "message 1", "done 2"])
      expect(events[1]).toMatchObject({ data: { data: { content: "né\u{1f642}" } } })
    }
  })

  it("are read again if they are cut off or unreadable", async () => {
    const { asked, client } = scripted([
      streamed([message(1), message(2).slice(0, -9)]),
      streamed([frame(2, "message", "x").replace('"x"', "{")]),
      streamed([message(2), done(3)]),
    ])
    expect(seqs(await collect(client.start(turn)))).toEqual(["open 0", "message 1", "message 2", "done 3"])
    expect(asked.slice(1).map(({ lastEventId }) => lastEventId)).toEqual([`${runId}:1`, `${runId}:1`])
  })
})

describe("the last event", () => {
  it("ends the turn at once, also if the connection stays open or breaks", async () => {
    const open = endless([message(1), done(2)])
    const broken = endless([message(1), done(2)], (controller) => controller.error(new TypeError("broken")))
    for (const response of [open, broken]) {
      const { asked, client } = scripted([response])
      const failures: Array<string> = []
      const events = collect(client.start(turn, { onRetry: ({ code }) => failures.push(code) }))
      expect(seqs(await events)).toEqual(["open 0", "message 1", "done 2"])
      expect({ asked: asked.length, failures }).toEqual({ asked: 1, failures: [] })
    }
  })
})

describe("the bound of the failures", () => {
  it("does not count the time for which the machine slept between two tries", async () => {
    const now = Date.now
    let sleptMs = 0
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + sleptMs)
    try {
      const { client } = scripted([streamed([]), streamed([]), streamed([done(1)])])
      const events = collect(client.start(turn, { onRetry: () => void (sleptMs += 3_600_000) }))
      expect(seqs(await events)).toEqual(["open 0", "done 1"])
    } finally {
      clock.mockRestore()
    }
  })

  it("may be endless, as the silence of a connection", async () => {
    const failures: Array<string> = []
    const response = new Promise<Response>((resolve) =>
      setImmediate(() => setImmediate(() => setImmediate(() => resolve(streamed([done(1)]))))),
    )
    const { client } = scripted([], { fetch: () => response, silenceMs: Infinity, resumeForMs: Infinity })
    await collect(client.start(turn, { onRetry: ({ message }) => failures.push(message) }))
    expect(failures).toEqual([])
  })
})

describe("a request that cannot be sent", () => {
  it.each([
    ["token", { token: "a\nb" }],
    ["address", { baseUrl: "chat.example" }],
    ["scheme", { baseUrl: "localhost:3001" }],
  ])("because of a wrong %s fails at once", async (_, wrong) => {
    const client = clientOf("http://127.0.0.1:1", "t", wrong)
    await expect(collect(client.start(turn))).rejects.toMatchObject({ code: "REQUEST_INVALID" })
    await expect(client.sessions()).rejects.toMatchObject({ code: "REQUEST_INVALID" })
  })
})

describe("a turn without a stream", () => {
  it("is sent again under its key while the gateway refuses it for now", async () => {
    const busy = () =>
      Response.json({ error: { code: "OVERLOADED", message: "m", retryAfter: 0 } }, { status: 503 })
    const { asked, client } = scripted([busy(), busy(), streamed([done(1)])])
    await collect(client.start(turn))
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1)
    expect(asked[0]?.key).toMatch(/^[0-9a-f]{32}$/)
    await collect(scripted([streamed([done(1)])]).client.start(turn, { idempotencyKey: "mine" }))
  })

  it("fails at once if the wait is longer than the bound, or the response is no stream", async () => {
    const later = Response.json(
      { error: { code: "RATE_LIMIT_USER", message: "m" } },
      { status: 429, headers: { "retry-after": "3" } },
    )
    await expect(collect(scripted([later]).client.start(turn))).rejects.toMatchObject({
      code: "RATE_LIMIT_USER",
      retryAfter: 3,
    })
    const page = streamed(["<html>"], { "content-type": "text/html" })
    await expect(collect(scripted([page]).client.start(turn))).rejects.toMatchObject({
      code: "UNEXPECTED_RESPONSE",
      runId,
    })
  })
})
