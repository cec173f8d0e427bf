import { fetchEventSource } from "@microsoft/fetch-event-source"
import { EventSource } from "eventsource"
import { createEventSource } from "eventsource-client"
import { createParser } from "eventsource-parser"
import { compileFunction } from "node:vm"
import { describe, expect, it, vi } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { snippets } from "../support/snippets.ts"
import { useWorld } from "../support/world.ts"
import { afterEvent, afterOpening, startCutProxy } from "./cutProxy.ts"
import { type Dispatched, eventsOf, expectSame, type Read, readsOverCuts, slow } from "./readers.ts"

const world = useWorld({ SSE_HEARTBEAT_INTERVAL_MS: "70" })

const names = ["message", "heartbeat", "error", "done"]

// It was written for browsers: it sets its timers at `window` and reads the visibility of `document`.
vi.stubGlobal("window", globalThis)
vi.stubGlobal("document", { hidden: false, addEventListener: () => {}, removeEventListener: () => {} })

const post = async (url: string, message: unknown): Promise<ReadonlyArray<Dispatched>> => {
  const got: Array<Dispatched> = []
  await fetchEventSource(`${url}/api/v1/chat/start`, {
    method: "POST",
    openWhenHidden: true,
    headers: { authorization: `Bearer ${world.client.token}`, "content-type": "application/json" },
    body: JSON.stringify({ agentId: defaultAgent, message: JSON.stringify(message) }),
    onmessage: ({ data, event, id }) => void got.push({ id, event, data }),
    onerror: () => 10,
  })
  return got
}

describe("@microsoft/fetch-event-source", () => {
  it("resumes a POST that is cut before its first event and again later, and starts one turn only", async () => {
    const proxy = await startCutProxy(world.gateway.url, [afterOpening, afterEvent(3)])
    const got = await post(proxy.url, slow)
    const [first, second, third, ...more] = proxy.asked
    expect(more).toEqual([])
    const runId = second?.lastEventId?.split(":")[0] ?? ""
    expect([first, second, third].map((asked) => asked?.lastEventId)).toEqual([
      undefined,
      `${runId}:0`,
      `${runId}:3`,
    ])
    expectSame(got, await eventsOf(world, runId))
    expect((await world.log()).executions).toHaveLength(1)
    await proxy.stop()
  })

  it("reads a run as in the guide, over two cuts, and stops if it read the end before the last cut", async () => {
    const [code = ""] = snippets("docs/how-to/call-from-a-browser.md", "js")
    const ask = compileFunction(`${code}\nreturn ask`, ["fetchEventSource"])(fetchEventSource)
    const proxy = await startCutProxy(world.gateway.url, [afterOpening, afterEvent(11)])
    const got: Array<Dispatched> = []
    const body = { agentId: defaultAgent, message: JSON.stringify(slow) }
    await ask(proxy.url, world.client.token, body, (event: string, data: unknown, id: string) =>
      got.push({ id, event, data: JSON.stringify(data) }),
    )
    expectSame(got, await eventsOf(world, got[0]?.id.split(":")[0] ?? ""))
    expect(proxy.asked).toHaveLength(3)
    expect((await world.log()).executions).toHaveLength(1)
    await proxy.stop()
  })

  it("dispatches no empty event, because clients that parse one would post again without end", async () => {
    const got = await post(world.gateway.url, slow)
    expect(got.map(({ data }) => data)).not.toContain("")
    expect(new Set(got.map(({ event }) => event))).toEqual(new Set(["heartbeat", "message", "done"]))
  })
})

// Some of them wait for seconds before they reconnect.
describe("each of these reads a run over two cuts and stops at its end", { timeout: 60_000 }, () => {
  const clients: ReadonlyArray<
    readonly [name: string, read: Read, expected?: Parameters<typeof readsOverCuts>[2]]
  > = [
    [
      "@microsoft/fetch-event-source",
      async (url, token) => {
        const got: Array<Dispatched> = []
        await fetchEventSource(url, {
          openWhenHidden: true,
          headers: { authorization: `Bearer ${token}` },
          onmessage: ({ data, event, id }) => void got.push({ id, event, data }),
          onerror: () => 10,
        })
        return got
      },
      // It stores an event's id before the whole event, so a cut within an event would lose it.
      { asksAfterEnd: false, firstCut: afterEvent(4) },
    ],
    [
      "eventsource",
      (url, token) =>
        new Promise((resolve) => {
          const got: Array<Dispatched> = []
          const source = new EventSource(url, {
            fetch: (input, init) =>
              fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
          })
          for (const name of names) {
            source.addEventListener(name, (event) => {
              if ("data" in event) got.push({ id: event.lastEventId, event: name, data: String(event.data) })
              else if (source.readyState === EventSource.CLOSED) resolve(got)
            })
          }
        }),
    ],
    [
      "eventsource-client",
      async (url, token) => {
        const got: Array<Dispatched> = []
        const source = createEventSource({ url, headers: { authorization: `Bearer ${token}` } })
        for await (const { data, event = "", id = "" } of source) got.push({ id, event, data })
        return got
      },
    ],
    [
      "eventsource-parser, in a loop around fetch",
      async (url, token) => {
        const got: Array<Dispatched> = []
        for (let lastId = ""; ;) {
          const headers = { authorization: `Bearer ${token}`, "last-event-id": lastId }
          const response = await fetch(url, { headers })
          if (response.status === 204 || response.body === null) return got
          const parser = createParser({
            onEvent: ({ data, event = "", id = "" }) => {
              if (id !== "") lastId = id
              got.push({ id, event, data })
            },
          })
          const text = new TextDecoder()
          try {
            for await (const chunk of response.body) parser.feed(text.decode(chunk, { stream: true }))
          } catch {
            // The connection was cut.
          }
        }
      },
    ],
  ]
  it.each(clients.map(([name, ...how]) => ({ name, how })))("$name", ({ how }) =>
    readsOverCuts(world, ...how),
  )
})
