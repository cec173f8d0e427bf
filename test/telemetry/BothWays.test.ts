/** The two outputs of the metrics, from one registry: Prometheus' text and the OTLP export. */
import * as OtelMetrics from "@effect/opentelemetry/OtelMetrics"
import * as Resource from "@effect/opentelemetry/Resource"
import { assert, describe, it } from "@effect/vitest"
import { DataPointType, type MetricData } from "@opentelemetry/sdk-metrics"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { orgId, run } from "../support/fixtures.ts"
import { combinations } from "../../src/telemetry/Instrument.ts"
import * as Measure from "../../src/telemetry/Measure.ts"
import { all, begin, catalogue } from "../../src/telemetry/Metrics.ts"
import { withoutUnits } from "../../src/telemetry/OtlpUnits.ts"
import * as ProcessMetrics from "../../src/telemetry/ProcessMetrics.ts"

type Series = ReadonlyMap<string, number>

const keyOf = (name: string, labels: Readonly<Record<string, unknown>>): string =>
  `${name} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`

/** `name{label="value"} number`, one a line. */
const ofText = (text: string): Series =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
        const pairs = Array.from(labels.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g), ([, key, quoted = ""]) => [
          key,
          // The three escapes are JSON's.
          JSON.parse(quoted),
        ])
        return [keyOf(name, Object.fromEntries(pairs)), value === "+Inf" ? Infinity : Number(value)]
      }),
  )

const pointsOf = (metric: MetricData): ReadonlyArray<readonly [string, number]> => {
  const { name } = metric.descriptor
  if (metric.dataPointType !== DataPointType.HISTOGRAM)
    return metric.dataPoints.map((point) => [keyOf(name, point.attributes), Number(point.value)])
  return metric.dataPoints.flatMap(({ attributes, value: { buckets, count, sum } }) => {
    const { boundaries, counts } = buckets
    const upTo = boundaries.map((le, index): readonly [string, number] => [
      keyOf(`${name}_bucket`, { ...attributes, le: String(le) }),
      counts.slice(0, index + 1).reduce((a, b) => a + b, 0),
    ])
    return [
      ...upTo,
      [keyOf(`${name}_bucket`, { ...attributes, le: "+Inf" }), count],
      [keyOf(`${name}_count`, attributes), count],
      [keyOf(`${name}_sum`, attributes), sum ?? 0],
    ]
  })
}

const both = Effect.gen(function* () {
  const producer = withoutUnits(yield* OtelMetrics.makeProducer())
  const text = yield* PrometheusMetrics.format()
  const collected = yield* Effect.promise(() => producer.collect())
  const metrics = collected.resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  return { text, ofText: ofText(text), metrics, ofOtlp: new Map(metrics.flatMap(pointsOf)) }
}).pipe(Effect.provide(Resource.layerEmpty))

/** With a registry of its own. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, Metric.MetricRegistry, new Map()))

const attempt = {
  number: 1,
  mode: "runtime_orchestrator",
  target: "runtime",
  shadow: false,
  startedAt: 1000,
  firstProgressAt: 1010,
  firstContentAt: 1020,
  endedAt: 1500,
  outcome: "success",
  code: null,
  usage: null,
  model: null,
  failure: null,
} as const

describe("the metrics", () => {
  it.effect("are the same over OTLP and in Prometheus' text: names, labels, values", () =>
    Effect.gen(function* () {
      yield* begin
      yield* Measure.attemptEnded(orgId, attempt)
      yield* Measure.attemptEnded(orgId, { ...attempt, outcome: "timeout_stall", code: "TIMEOUT_STALL" })
      yield* Measure.turnEnded(
        run({
          status: "completed",
          executionMode: "direct_llm",
          usage: { tokens: 7 },
          endedAt: run().createdAt + 9,
        }),
        [],
      )
      yield* Measure.breakers({
        fallback: true,
        state: "open",
        orgs: [{ orgId: 'a"b\\c\nd', state: "half_open" }],
      })
      const found = yield* both
      assert.deepStrictEqual(
        [...found.ofText].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        [...found.ofOtlp].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      )
      assert.isAbove(found.ofText.size, 300)
      assert.strictEqual(found.ofText.get(keyOf("chat_execution_total", { mode: "runtime_orchestrator" })), 2)
      assert.strictEqual(
        found.ofText.get(keyOf("crossfade_breaker_state", { scope: 'a"b\\c\nd', state: "half_open" })),
        1,
      )
    }).pipe(Effect.provideService(Measure.ListedOrgs, new Set(['a"b\\c\nd'])), alone),
  )

  it.effect("have their unit in OTLP's own field and in no label", () =>
    Effect.gen(function* () {
      yield* begin
      const { metrics, text } = yield* both
      for (const { boundaries, meaning, name, unit } of all) {
        const metric = metrics.find(({ descriptor }) => descriptor.name === name)
        if (metric === undefined) continue
        assert.deepInclude(metric.descriptor, { unit, description: meaning })
        assert.include(text, `# HELP ${name} ${meaning}`)
        if (boundaries !== undefined)
          assert.deepStrictEqual(
            boundaries,
            [...boundaries].toSorted((a, b) => a - b),
          )
      }
      assert.notInclude(text, "unit=")
    }).pipe(alone),
  )

  it.effect(
    "exist from the start, at 0, for a closed set of labels, so that a rate sees the first event",
    () =>
      Effect.gen(function* () {
        yield* begin
        const { ofText: found } = yield* both
        for (const { kind, labels, name } of all) {
          if (kind === "gauge") continue
          const shown = kind === "histogram" ? `${name}_count` : name
          for (const set of combinations(labels)) assert.strictEqual(found.get(keyOf(shown, set)), 0, shown)
        }
        assert.isFalse([...found.keys()].some((key) => key.startsWith(catalogue.orgAttempts.name)))
      }).pipe(alone),
  )

  it.effect("do not exist for an unlisted organisation", () =>
    Effect.gen(function* () {
      yield* Measure.attemptEnded(orgId, attempt)
      const { text } = yield* both
      assert.notInclude(text, orgId)
    }).pipe(alone),
  )

  it.effect("exist while their source does, if they are read on demand", () =>
    Effect.gen(function* () {
      const looked = Effect.map(both, ({ ofText: found }) => found.get(keyOf("crossfade_runs_in_flight", {})))
      let runs = 3
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* catalogue.inFlight.observe({}, () => runs)
          assert.strictEqual(yield* looked, 3)
          runs = 5
          assert.strictEqual(yield* looked, 5)
        }),
      )
      assert.isUndefined(yield* looked)
    }).pipe(alone),
  )

  it.effect("have plausible values for the process", () =>
    Effect.gen(function* () {
      const { ofText: found, text } = yield* both
      for (const { labels, name } of [
        catalogue.heapUsed,
        catalogue.heapLimit,
        catalogue.memory,
        catalogue.cpu,
      ])
        assert.isAbove(found.get(keyOf(name, labels)) ?? 0, 0, name)
      for (const quantile of ["0.5", "0.99", "1"])
        assert.isAtLeast(found.get(keyOf(catalogue.loopDelay.name, { quantile })) ?? -1, 0)
      assert.include(text, `crossfade_build_info{version="1.2.3",node="${process.version}"} 1`)
    }).pipe(Effect.provide(ProcessMetrics.layer("1.2.3")), alone),
  )
})
