import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Config from "../../src/config/Config.ts"
import { badMillis } from "./badMillis.ts"

/** Values of OpenTelemetry's variables that are reported and ignored, as its specification requires. */
const ignored = {
  OTEL_TRACES_EXPORTER: ["console", "zipkin"],
  OTEL_METRICS_EXPORTER: ["prometheus"],
  OTEL_LOGS_EXPORTER: ["console"],
  OTEL_SDK_DISABLED: ["yes", "1"],
  OTEL_TRACES_SAMPLER: ["ratio", "jaeger_remote"],
  OTEL_TRACES_SAMPLER_ARG: ["1.1", "-0.1", "5%"],
  OTEL_PROPAGATORS: ["b3", "tracecontext,jaeger"],
  OTEL_METRIC_EXPORT_INTERVAL: ["99", ...badMillis],
  OTEL_METRIC_EXPORT_TIMEOUT: ["99", ...badMillis],
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: ["rate"],
  OTEL_BLRP_SCHEDULE_DELAY: ["9", ...badMillis],
  OTEL_BLRP_EXPORT_TIMEOUT: ["9", ...badMillis],
  OTEL_BLRP_MAX_QUEUE_SIZE: ["0", "1000001", "x"],
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: ["0", "x"],
  OTEL_EXPORTER_OTLP_PROTOCOL: ["http", "http/xml"],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ["http", "http/xml"],
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: ["http", "http/xml"],
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ["http", "http/xml"],
} satisfies { readonly [Name in keyof typeof Config.variables]?: ReadonlyArray<string> }

describe("a value that OpenTelemetry's specification ignores", () => {
  it.effect.each(Object.entries(ignored))(
    "%s: the service starts with the default and names the variable",
    ([name, values]) =>
      Effect.gen(function* () {
        const { ignored: none, ...defaults } = yield* Config.read({})
        assert.deepStrictEqual(none, [])
        for (const value of values) {
          const { ignored: found, ...settings } = yield* Config.read({ [name]: value })
          assert.deepStrictEqual({ ...settings, given: defaults.given }, defaults)
          assert.deepStrictEqual(
            found.map((problem) => [problem.variable, problem.found]),
            [[name, JSON.stringify(value)]],
          )
        }
      }),
  )

  it.effect("does not include a value in another case, which is read", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({
        OTEL_SDK_DISABLED: "True",
        OTEL_TRACES_EXPORTER: "NONE",
        OTEL_TRACES_SAMPLER: "ParentBased_TraceIdRatio",
        OTEL_TRACES_SAMPLER_ARG: ".5",
        OTEL_EXPORTER_OTLP_PROTOCOL: "HTTP/JSON",
        OTEL_PROPAGATORS: "None",
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "Delta",
      })
      assert.deepStrictEqual(settings.ignored, [])
      assert.deepInclude(settings, {
        OTEL_SDK_DISABLED: "true",
        OTEL_TRACES_EXPORTER: "none",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: 0.5,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_PROPAGATORS: "none",
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
      })
    }),
  )
})
