import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Config from "../../src/config/Config.ts"
import { exportsOf } from "../../src/config/ConfigTelemetry.ts"

const exported = (env: Record<string, string>) => Effect.map(Config.read(env), exportsOf)
const nothing = { traces: undefined, metrics: undefined, logs: undefined }
const all = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }

describe("the export", () => {
  it.effect("is off without a collector, and sends everything as protobuf with one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* exported({}), nothing)
      const wire = "http/protobuf"
      assert.deepStrictEqual(yield* exported(all), { traces: wire, metrics: wire, logs: wire })
    }),
  )

  it.effect("is off if the SDK is disabled, and lacks a signal whose exporter is none", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* exported({ ...all, OTEL_SDK_DISABLED: "true" }), nothing)
      for (const signal of ["traces", "metrics", "logs"] as const) {
        const some = yield* exported({ ...all, [`OTEL_${signal.toUpperCase()}_EXPORTER`]: "none" })
        assert.isUndefined(some[signal])
        assert.lengthOf(Object.values(some).filter(Boolean), 2)
      }
    }),
  )

  it.effect("may be one signal alone, with its own address and wire format", () =>
    Effect.gen(function* () {
      const logs = yield* exported({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://logs:4318/v1/logs" })
      assert.deepStrictEqual(logs, { ...nothing, logs: "http/protobuf" })
      const mixed = yield* exported({ ...all, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" })
      assert.deepStrictEqual(mixed, { traces: "http/json", metrics: "http/protobuf", logs: "http/protobuf" })
    }),
  )
})
