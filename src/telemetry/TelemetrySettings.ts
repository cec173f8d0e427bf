/** The export settings of this process. Times are milliseconds. */

/** The wire of a signal; undefined: not exported. */
type Wire = "http/protobuf" | "http/json" | undefined

/** The turns that are traced. `parentbased`: a turn with a caller's trace is traced if the caller's is. */
export type Sampler = `${"" | "parentbased_"}${"always_on" | "always_off" | "traceidratio"}`

export interface TelemetrySettings {
  readonly exports: { readonly traces: Wire; readonly metrics: Wire; readonly logs: Wire }
  /** The id of this process. */
  readonly instance: string
  readonly version: string
  readonly sampler: Sampler
  /** The share of turns that ratio samplers trace: 0 to 1. */
  readonly sampledShare: number
  readonly metricInterval: number
  readonly metricTimeout: number
  readonly temporality: "cumulative" | "delta"
  readonly logRecords: {
    readonly scheduledDelayMillis: number
    readonly exportTimeoutMillis: number
    readonly maxQueueSize: number
    readonly maxExportBatchSize: number
  }
  readonly logContent: boolean
  /** Organisations with series of their own. */
  readonly listedOrgs: ReadonlyArray<string>
  /** True if a caller's `traceparent` is accepted and passed on. */
  readonly takesParent: boolean
}
