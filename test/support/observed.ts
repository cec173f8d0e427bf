/** A world whose gateway and runtime export to a real collector, in short batches so that a test need not wait. */
import { afterAll, beforeAll } from "vitest"
import { eventually } from "./chatClient.ts"
import { Collector } from "./collector.ts"
import type { Span } from "./received.ts"
import { useWorld, type World } from "./world.ts"

const exporting = (url: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
  OTEL_METRIC_EXPORT_INTERVAL: "200",
})

export class Observed {
  collector!: Collector
  world!: World

  /** A trace after this number of spans has ended; more would be seen too. */
  trace(traceId: string, spans: number): Promise<ReadonlyArray<Span>> {
    return eventually(async () => {
      const found = this.collector.trace(traceId)
      return found.length >= spans && found
    }, 10).catch(() => {
      const names = this.collector.trace(traceId).map(({ name }) => name)
      throw new Error(`of ${spans} spans came ${names.length}: ${names.join(", ")}`)
    })
  }
}

type Env = Readonly<Record<string, string>>

/** `env`: more variables for the gateway, read at its start. */
export const useObserved = (env: Env | (() => Env) = {}): Observed => {
  const observed = new Observed()
  beforeAll(async () => {
    observed.collector = await Collector.start()
  })
  // Hooks after all run in reverse: the gateway and the runtime end first.
  afterAll(() => observed.collector?.stop())
  const own = () => (typeof env === "function" ? env() : env)
  observed.world = useWorld(() => ({ ...exporting(observed.collector.url), ...own() }), {
    runtimeEnv: () => exporting(observed.collector.url),
  })
  return observed
}

/** A span context of a caller; `sampled: false` means that the caller does not record the trace. */
export const callersPlace = (sampled = true) => {
  const id = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex")
  const [traceId, spanId] = [id(16), id(8)]
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-0${sampled ? 1 : 0}` }
}
