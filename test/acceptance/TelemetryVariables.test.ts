import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Collector } from "../support/collector.ts"
import { type Export, startExportProxy } from "../support/exportProxy.ts"
import { callersPlace } from "../support/observed.ts"
import { useWorld } from "../support/world.ts"

type Env = Readonly<Record<string, string>>
type Signal = "traces" | "metrics" | "logs"

/** The data that one process with these variables sent to a collector, until its end. */
interface Given {
  readonly collector: Collector
  readonly exports: ReadonlyArray<Export>
  readonly signals: ReadonlyArray<Signal>
  /** One turn whose caller records its trace, and one whose caller does not. */
  readonly traced: ReadonlyArray<boolean>
  readonly output: string
}

interface Case {
  readonly about: string
  /** `URL` stands for the collector's address. */
  readonly env: Env
  readonly signals: ReadonlyArray<Signal>
  readonly traced: ReadonlyArray<boolean>
  /** A further check. */
  readonly also?: (given: Given) => void
}

const all = ["traces", "metrics", "logs"] as const
const toAll = { OTEL_EXPORTER_OTLP_ENDPOINT: "URL" }
/** Traced as their callers request, or not at all. */
const [callers, never] = [
  [true, false],
  [false, false],
]
const protobuf = "application/x-protobuf"
const wireOf = ({ exports }: Given) =>
  Object.fromEntries(exports.map(({ headers, path }) => [path, headers["content-type"]]))
const resources = ({ collector }: Given) => collector.spans().map(({ resource }) => resource)

const cases: ReadonlyArray<Case> = [
  { about: "without any: no export", env: {}, signals: [], traced: never },
  {
    about: "one address: all three signals as protobuf, below that address",
    env: toAll,
    signals: all,
    traced: callers,
    also: (given) => {
      expect(wireOf(given)).toEqual({ "/v1/traces": protobuf, "/v1/metrics": protobuf, "/v1/logs": protobuf })
      expect(resources(given)).toContainEqual(
        expect.objectContaining({ "service.name": "crossfade", "service.version": expect.any(String) }),
      )
    },
  },
  {
    about: "http/json for all, and protobuf for one",
    env: {
      ...toAll,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/protobuf",
    },
    signals: all,
    traced: callers,
    also: (given) =>
      expect(wireOf(given)).toEqual({
        "/v1/traces": "application/json",
        "/v1/metrics": "application/json",
        "/v1/logs": protobuf,
      }),
  },
  ...all.map((signal): Case => ({
    about: `an address for ${signal} alone: this signal alone, to this address`,
    env: { [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`]: `URL/v1/${signal}` },
    signals: [signal],
    traced: signal === "traces" ? callers : never,
  })),
  ...all.map((signal): Case => ({
    about: `the exporter "none" for ${signal}: the other two signals`,
    env: { ...toAll, [`OTEL_${signal.toUpperCase()}_EXPORTER`]: "none" },
    signals: all.filter((other) => other !== signal),
    traced: signal === "traces" ? never : callers,
  })),
  {
    about: "OTEL_SDK_DISABLED: no export",
    env: { ...toAll, OTEL_SDK_DISABLED: "true", OTEL_TRACES_SAMPLER: "always_on" },
    signals: [],
    traced: never,
  },
  {
    about: "a service name and resource attributes: the name takes precedence over the attribute",
    env: {
      ...toAll,
      OTEL_SERVICE_NAME: "chat-eu",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging,service.name=other,team=a%20b",
    },
    signals: all,
    traced: callers,
    also: (given) => {
      const said = { "service.name": "chat-eu", "deployment.environment.name": "staging", team: "a b" }
      for (const { resource } of [
        ...given.collector.spans(),
        ...given.collector.points(),
        ...given.collector.logs(),
      ])
        expect(resource).toMatchObject(said)
    },
  },
  {
    about: "gzip",
    env: { ...toAll, OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" },
    signals: all,
    traced: callers,
    also: ({ exports }) =>
      expect(new Set(exports.map(({ headers }) => headers["content-encoding"]))).toEqual(new Set(["gzip"])),
  },
  {
    about: "delta temporality",
    env: { ...toAll, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta" },
    signals: all,
    traced: callers,
    also: ({ collector }) => expect(collector.everything()).toContain(`"aggregationTemporality":1`),
  },
  ...(
    [
      ["always_on", "", [true, true]],
      ["always_off", "", [false, false]],
      ["traceidratio", "1", [true, true]],
      ["traceidratio", "0", [false, false]],
      ["parentbased_always_off", "", [true, false]],
      ["parentbased_traceidratio", "0", [true, false]],
    ] as const
  ).map(([sampler, share, traced]): Case => ({
    about: `sampler ${sampler} ${share}`,
    env: { ...toAll, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: share },
    signals: traced[0] ? all : ["metrics", "logs"],
    traced,
  })),
  {
    about: "values in another case are read; unknown values are reported once and ignored",
    env: {
      ...toAll,
      OTEL_TRACES_SAMPLER: "Always_On",
      OTEL_LOGS_EXPORTER: "NONE",
      OTEL_SDK_DISABLED: "yes",
      OTEL_METRICS_EXPORTER: "carrier-pigeon",
    },
    signals: ["traces", "metrics"],
    traced: [true, true],
    also: ({ output }) => {
      expect(output).toContain(
        'OTEL_SDK_DISABLED: found "yes", ignored as if it were not set; allowed: false | true',
      )
      expect(output).toContain('OTEL_METRICS_EXPORTER: found "carrier-pigeon", ignored')
      expect(output.match(/WARN/g)).toHaveLength(2)
    },
  },
  {
    about: "no propagators: the caller's trace is ignored",
    env: { ...toAll, OTEL_PROPAGATORS: "none" },
    signals: all,
    traced: never,
  },
  {
    about: "the key that the collector requires",
    env: { ...toAll, OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20open-sesame" },
    signals: all,
    traced: callers,
  },
  {
    about: "a wrong key: the collector takes nothing, and one log line reports it without the key",
    env: {
      ...toAll,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20canary-wrong-key",
      OTEL_METRIC_EXPORT_INTERVAL: "100",
    },
    signals: [],
    traced: never,
    also: ({ exports, output }) => {
      expect(new Set(exports.map(({ status }) => status))).toEqual(new Set([401]))
      expect(output.match(/telemetry could not be exported/g)).toHaveLength(1)
      expect(output).not.toContain("canary-wrong-key")
    },
  },
]

describe.skipIf(inject("collector") === undefined)("OpenTelemetry's variables", () => {
  let env: Env = {}
  let collector: Collector
  let proxy: Awaited<ReturnType<typeof startExportProxy>>
  beforeAll(async () => {
    proxy = await startExportProxy(() => collector.url)
  })
  afterAll(async () => {
    await proxy?.stop()
    await collector?.stop()
  })
  const world = useWorld(() => env)

  const givenBy = async (wanted: Env): Promise<Given> => {
    await collector?.stop()
    proxy.exports.length = 0
    // A wrong key is refused; without one in the variables none is required.
    collector = await Collector.start("OTEL_EXPORTER_OTLP_HEADERS" in wanted ? { token: "open-sesame" } : {})
    env = Object.fromEntries(
      Object.entries(wanted).map(([name, value]) => [name, value.replace("URL", proxy.url)]),
    )
    await world.restart()
    const places = [callersPlace(true), callersPlace(false)]
    for (const { traceparent } of places) {
      const frames = await (await world.client.start("hello", { traceparent })).rest()
      expect(frames.at(-1)?.event).toBe("done")
    }
    await world.gateway.stop()
    // It writes its received data before it ends.
    await collector.down("SIGTERM")
    const signals = all.filter(
      (signal) =>
        collector[signal === "traces" ? "spans" : signal === "metrics" ? "points" : "logs"]().length > 0,
    )
    const traced = places.map(({ traceId }) => collector.trace(traceId).some(({ kind }) => kind === "server"))
    return { collector, exports: [...proxy.exports], signals, traced, output: world.gateway.output() }
  }

  it.each(cases)("$about", async ({ also, env, signals, traced }) => {
    const given = await givenBy(env)
    expect(given.signals).toEqual(signals)
    expect(given.traced).toEqual(traced)
    also?.(given)
  })
})
