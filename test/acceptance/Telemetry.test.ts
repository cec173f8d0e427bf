import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useWorld } from "../support/world.ts"

// oxlint-disable-next-line typescript/no-explicit-any -- OTLP's JSON, of which the tests look at a few fields
const received: Record<string, Array<any>> = {}
const collector = createServer((request, response) => {
  let text = ""
  request.on("data", (data) => (text += data))
  request.on("end", () => {
    ;(received[request.url ?? ""] ??= []).push(JSON.parse(text))
    response.end("{}")
  })
})
await new Promise<void>((listening) => collector.listen(0, "127.0.0.1", listening))
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`

const world = useWorld({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
})

describe("telemetry", () => {
  beforeAll(async () => {
    await (
      await world.client.start("fine", {
        traceparent: "00-11111111111111111111111111111111-2222222222222222-01",
      })
    ).rest()
    await (await world.client.start({ scenario: "error", code: "INTERNAL_ERROR" })).rest()
    const admin = await world.as("ops", "olga", ["admin:*"])
    await admin.json("POST", "/api/v1/runtime/fallback/force", { mode: "direct_llm", reason: "drill" })
    await world.gateway.stop()
  })
  afterAll(() => collector.close())

  it("exports the figures of both modes under the names of the dashboards", () => {
    // oxlint-disable-next-line typescript/no-explicit-any
    const metrics: Array<any> =
      received["/v1/metrics"]
        ?.flatMap((body) => body.resourceMetrics)
        .flatMap((r) => r.scopeMetrics)
        .flatMap((s) => s.metrics) ?? []
    const points = (name: string) =>
      metrics
        .filter((metric) => metric.name === name)
        .flatMap((metric) => (metric.sum ?? metric.gauge ?? metric.histogram).dataPoints)
        .map((point) => [
          // oxlint-disable-next-line typescript/no-explicit-any
          Object.fromEntries(point.attributes.map((a: any) => [a.key, a.value.stringValue])),
          Number(point.asInt ?? point.asDouble ?? point.count),
        ])
    const of = (mode: string, count: number, rest = {}) => [expect.objectContaining({ mode, ...rest }), count]
    expect(points("chat_execution_total")).toEqual(
      expect.arrayContaining([of("runtime_orchestrator", 2), of("direct_llm", 1)]),
    )
    expect(points("chat_execution_success_total")).toEqual(
      expect.arrayContaining([of("runtime_orchestrator", 1), of("direct_llm", 1)]),
    )
    expect(points("chat_execution_error_total").filter(([, count]) => count !== 0)).toEqual([
      of("runtime_orchestrator", 1, { code: "UPSTREAM_FAILED" }),
    ])
    expect(points("chat_execution_latency_ms")).toEqual(
      expect.arrayContaining([of("runtime_orchestrator", 2)]),
    )
    // Ordered after the last turn: no turn is needed for the gauge to know.
    expect(points("chat_runtime_fallback_enabled").at(-1)?.[1]).toBe(1)
  })

  // oxlint-disable-next-line typescript/no-explicit-any
  const spansOf = (trace: string): Array<any> =>
    received["/v1/traces"]
      ?.flatMap((body) => body.resourceSpans)
      .flatMap((r) => r.scopeSpans)
      .flatMap((s) => s.spans)
      .filter((span) => span.traceId === trace) ?? []

  it("exports a turn as one server span in the caller's trace, with what was done for it below", () => {
    const spans = spansOf("11111111111111111111111111111111")
    const [turn] = spans.filter((span) => span.parentSpanId === "2222222222222222")
    expect(turn).toMatchObject({ name: "POST /api/v1/chat/start", kind: 2 })
    const below = spans.filter((span) => span.parentSpanId === turn.spanId).map((span) => span.name)
    expect(below).toHaveLength(4)
    expect(below).toEqual(expect.arrayContaining(["decide", "invoke_agent", "persist", "persist"]))
    expect(spans).toHaveLength(5)
  })

  it("exports one line a turn, which has the run, the request and the trace, and not what was said", () => {
    // oxlint-disable-next-line typescript/no-explicit-any
    const records: Array<any> =
      received["/v1/logs"]
        ?.flatMap((body) => body.resourceLogs)
        .flatMap((r) => r.scopeLogs)
        .flatMap((s) => s.logRecords) ?? []
    const [line] = records.filter((record) => record.traceId === "11111111111111111111111111111111")
    expect(line.body.stringValue).toBe("turn ended")
    const names = line.attributes.map((attribute: { key: string }) => attribute.key)
    expect(names).toEqual(expect.arrayContaining(["requestId", "runId", "mode", "latencyMs"]))
    expect(JSON.stringify(received)).not.toContain("You said")
  })
})
