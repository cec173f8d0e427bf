import { describe, expect, inject, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { callersPlace, useObserved } from "../support/observed.ts"
import type { Span } from "../support/received.ts"
import { shadowed, turn } from "../support/shadowing.ts"

const compare = (a: string, b: string): number => (a < b ? -1 : 1)
const named = (spans: ReadonlyArray<Span>, name: string): ReadonlyArray<Span> =>
  spans.filter((span) => span.name === name)
const only = (spans: ReadonlyArray<Span>, name: string): Span => {
  const [found, ...more] = named(spans, name)
  expect([name, more.length]).toEqual([name, 0])
  return found!
}

describe.skipIf(inject("collector") === undefined)("a turn in a real collector", () => {
  const observed = useObserved()
  const { world } = observed

  it("is one trace, from the client through the gateway to the runtime's own span", async () => {
    const caller = callersPlace()
    const stream = await world.client.start("hello", {
      traceparent: caller.traceparent,
      tracestate: "vendor=kept",
      baggage: "user=canary-baggage",
      "x-request-id": "traced-1",
    })
    await stream.rest()
    const spans = await observed.trace(caller.traceId, 6)
    expect(
      spans.map(({ name, resource }) => `${resource["service.name"]}: ${name}`).toSorted(compare),
    ).toEqual([
      "agent-runtime: POST /api/v1/execute/stream",
      "crossfade: POST /api/v1/chat/start",
      "crossfade: decide",
      "crossfade: invoke_agent",
      "crossfade: persist",
      "crossfade: persist",
    ])
    const server = only(spans, "POST /api/v1/chat/start")
    expect(server).toMatchObject({
      kind: "server",
      parentSpanId: caller.spanId,
      status: { code: "ok" },
      attributes: {
        "http.request.method": "POST",
        "http.route": "/api/v1/chat/start",
        "http.response.status_code": 200,
        "crossfade.request.id": "traced-1",
        "crossfade.run.id": stream.runId,
        "crossfade.session.id": stream.sessionId,
        "crossfade.org.id": "acme",
        "crossfade.status": "completed",
        "crossfade.mode": "runtime_orchestrator",
      },
    })
    const attempt = only(spans, "invoke_agent")
    for (const child of [attempt, only(spans, "decide"), ...named(spans, "persist")])
      expect([child.name, child.parentSpanId]).toEqual([child.name, server.spanId])
    expect(attempt).toMatchObject({
      kind: "client",
      attributes: {
        "gen_ai.operation.name": "invoke_agent",
        "crossfade.mode": "runtime_orchestrator",
        "crossfade.target": "runtime",
        "crossfade.outcome": "success",
        "crossfade.shadow": false,
        "crossfade.time_to_first_content_ms": expect.any(Number),
      },
    })
    const runtimes = only(spans, "POST /api/v1/execute/stream")
    expect([runtimes.kind, runtimes.parentSpanId]).toEqual(["server", attempt.spanId])
    // The server's span covers the whole turn: it begins with the request and ends with the run.
    expect(spans.filter(({ startMs }) => startMs < server.startMs)).toEqual([])
    expect(spans.filter((span) => span !== runtimes && span.endMs > server.endMs)).toEqual([])
    const [asked] = (await world.log()).executions
    expect(asked?.headers).toMatchObject({
      traceparent: `00-${caller.traceId}-${attempt.spanId}-01`,
      tracestate: "vendor=kept",
      baggage: null,
    })
  })

  it("with a fallback has two attempts; a language model's attempt follows the GenAI conventions", async () => {
    const caller = callersPlace()
    const stream = await world.client.start(
      { scenario: "error", code: "INTERNAL_ERROR" },
      { traceparent: caller.traceparent, baggage: "user=canary-baggage" },
    )
    await stream.rest()
    const spans = await observed.trace(caller.traceId, 7)
    const server = only(spans, "POST /api/v1/chat/start")
    const [first, second] = [only(spans, "invoke_agent"), only(spans, "chat m")]
    expect(first).toMatchObject({
      parentSpanId: server.spanId,
      status: { code: "error" },
      attributes: { "crossfade.attempt": 1, "crossfade.outcome": "error", "error.type": "INTERNAL_ERROR" },
    })
    expect(second).toMatchObject({
      kind: "client",
      parentSpanId: server.spanId,
      attributes: {
        "crossfade.attempt": 2,
        "crossfade.mode": "direct_llm",
        "crossfade.outcome": "success",
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "a",
        "gen_ai.request.model": "m",
        "gen_ai.conversation.id": stream.sessionId,
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 31,
      },
    })
    expect(second.startMs).toBeGreaterThanOrEqual(first.endMs)
    expect(server).toMatchObject({ status: { code: "ok" }, attributes: { "crossfade.mode": "direct_llm" } })
    const asked = world.model.asked.at(-1)?.headers
    expect([asked?.["traceparent"], asked?.["baggage"]]).toEqual([
      `00-${caller.traceId}-${second.spanId}-01`,
      undefined,
    ])
  })

  it("without a traceparent, or with an invalid one, begins a trace", async () => {
    const ids = []
    for (const headers of [{}, { traceparent: `00-${"0".repeat(32)}-${"1".repeat(16)}-01` }]) {
      const stream = await world.client.start("hello", headers)
      await stream.rest()
      ids.push((await world.run(stream.runId)).traceId)
    }
    expect(new Set(ids).size).toBe(2)
    for (const traceId of ids) {
      const spans = await observed.trace(traceId, 6)
      expect(only(spans, "POST /api/v1/chat/start").parentSpanId).toBe("")
    }
  })

  it("is not exported if its caller's trace is not sampled, and the runtime gets the same flag", async () => {
    const caller = callersPlace(false)
    await (await world.client.start("unseen", { traceparent: caller.traceparent })).rest()
    const seen = callersPlace()
    await (await world.client.start("seen", { traceparent: seen.traceparent })).rest()
    await observed.trace(seen.traceId, 6)
    expect(observed.collector.trace(caller.traceId)).toEqual([])
    const [unseen] = (await world.log()).executions
    expect(unseen?.headers["traceparent"]).toMatch(new RegExp(`^00-${caller.traceId}-[0-9a-f]{16}-00$`))
  })
})

describe.skipIf(inject("collector") === undefined)("a shadow in a real collector", () => {
  const observed = useObserved(shadowed)
  const { world } = observed

  it("is a trace of its own, with a link to the turn that it shadows", async () => {
    const { runId } = await turn(world, "hello")
    const { traceId } = await world.run(runId)
    const server = only(await observed.trace(traceId, 6), "POST /api/v1/chat/start")
    const shadow = await eventually(async () =>
      observed.collector
        .spans()
        .find(
          ({ attributes }) =>
            attributes["crossfade.shadow"] === true && attributes["crossfade.run.id"] === runId,
        ),
    )
    expect(shadow).toMatchObject({
      name: "chat m",
      parentSpanId: "",
      links: [{ traceId, spanId: server.spanId }],
    })
    expect(shadow.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(shadow.traceId).not.toBe(traceId)
    expect(world.model.asked.at(-1)?.headers["traceparent"]).toBe(`00-${shadow.traceId}-${shadow.spanId}-01`)
  })
})
