import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Tracer from "effect/Tracer"
import * as Spans from "../../src/telemetry/Spans.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const traceparent = `00-${traceId}-${spanId}-01`

const placeOf = (headers: Record<string, string>) => Spans.fromHeaders(Headers.fromInput(headers))

/** A tracer that records its spans. */
const kept = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    },
  })
  return { spans, tracer }
}

describe("the caller's span context", () => {
  it.effect("is read from a traceparent, and passed on unchanged if nothing is exported", () =>
    Effect.gen(function* () {
      const caller = yield* placeOf({ traceparent, tracestate: "vendor=1", baggage: "user=1" })
      const span = yield* Spans.open("decide", { parent: caller })
      assert.deepStrictEqual(Spans.toHeaders(span), { traceparent, tracestate: "vendor=1" })
      assert.strictEqual(Spans.traceId(span), traceId)
    }),
  )

  it.effect("is absent if the header is invalid or empty", () =>
    Effect.gen(function* () {
      const bad = [
        "x",
        `00-${traceId}-${spanId}`,
        `00-${"0".repeat(32)}-${spanId}-01`,
        `00-${traceId}-${"0".repeat(16)}-01`,
        `ff-${traceId}-${spanId}-01`,
        `00-${traceId}x-${spanId}-01`,
      ]
      for (const value of bad) assert.isUndefined(yield* placeOf({ traceparent: value }), value)
      assert.isUndefined(yield* placeOf({}))
      // Other standards are ignored.
      assert.isUndefined(yield* placeOf({ b3: `${traceId}-${spanId}-1` }))
      assert.deepStrictEqual(Spans.toHeaders(undefined), {})
      assert.isNull(Spans.traceId(undefined))
    }),
  )

  it.effect("is ignored if OTEL_PROPAGATORS says so", () =>
    Effect.map(Effect.provideService(placeOf({ traceparent }), Spans.TakesParent, false), (place) =>
      assert.isUndefined(place),
    ),
  )

  it.effect("keeps a trace state only if it is a valid header", () =>
    Effect.gen(function* () {
      for (const tracestate of ["x".repeat(513), "a\tb", "é"]) {
        const place = yield* placeOf({ traceparent, tracestate })
        assert.deepStrictEqual(Spans.toHeaders(place), { traceparent })
      }
    }),
  )
})

describe("a span", () => {
  it.effect("is the child of its parent, and the parent of the upstream's span", () => {
    const { spans, tracer } = kept()
    return Effect.gen(function* () {
      const caller = yield* placeOf({ traceparent, tracestate: "vendor=1" })
      const place = yield* Spans.open("POST /x", {
        parent: caller,
        kind: "server",
        attributes: { a: 1, b: undefined },
      })
      const [span] = spans
      assert.strictEqual(span?.traceId, traceId)
      assert.strictEqual(span?.kind, "server")
      assert.deepStrictEqual([...(span?.attributes ?? [])], [["a", 1]])
      assert.deepStrictEqual(Spans.toHeaders(place), {
        traceparent: `00-${traceId}-${span?.spanId}-01`,
        tracestate: "vendor=1",
      })
      yield* Spans.close(place, { error: "UPSTREAM_FAILED" })
      yield* Spans.close(place)
      assert.strictEqual(span?.attributes.get("error.type"), "UPSTREAM_FAILED")
      const { status } = span ?? {}
      assert.isTrue(status?._tag === "Ended" && status.exit._tag === "Failure")
    }).pipe(Effect.provideService(Spans.Tracing, tracer))
  })

  it.effect("without a parent begins a trace, and may link to its cause", () => {
    const { spans, tracer } = kept()
    return Effect.gen(function* () {
      const cause = yield* placeOf({ traceparent })
      yield* Spans.open("shadow", { parent: undefined, link: cause })
      const [span] = spans
      assert.notStrictEqual(span?.traceId, traceId)
      assert.deepStrictEqual(
        span?.links.map((link) => link.span.spanId),
        [spanId],
      )
    }).pipe(Effect.provideService(Spans.Tracing, tracer))
  })

  it.effect("around an effect ends with it, also if the effect fails", () => {
    const { spans, tracer } = kept()
    return Effect.gen(function* () {
      yield* Spans.within("decide", undefined, (n: number) => ({ n }))(Effect.succeed(7))
      yield* Effect.exit(
        Spans.within("persist", undefined, () => ({}))(Effect.fail({ _tag: "StoreError", secret: "canary" })),
      )
      assert.deepStrictEqual(
        spans.map(({ name, attributes, status }) => [
          name,
          { ...Object.fromEntries(attributes) },
          status._tag,
        ]),
        [
          ["decide", { n: 7 }, "Ended"],
          ["persist", { "error.type": "StoreError" }, "Ended"],
        ],
      )
    }).pipe(Effect.provideService(Spans.Tracing, tracer))
  })
})
