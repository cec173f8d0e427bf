/** What is exported of this process, how, and how often. Times are milliseconds. */

/** How a signal is written; undefined: it is not exported. */
type Wire = "http/protobuf" | "http/json" | undefined

/** Which turns are traced. `parentbased`: a turn whose caller has a trace is traced where the caller's is. */
export type Sampler = `${"" | "parentbased_"}${"always_on" | "always_off" | "traceidratio"}`

export interface TelemetrySettings {
  readonly exports: { readonly traces: Wire; readonly metrics: Wire; readonly logs: Wire }
  /** The id of this process. */
  readonly instance: string
  readonly version: string
  readonly sampler: Sampler
  /** The share of turns that the samplers by ratio trace: 0 to 1. */
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
  /** Organisations that have series of their own. */
  readonly listedOrgs: ReadonlyArray<string>
  /** Whether a caller's `traceparent` is taken and passed on. */
  readonly takesParent: boolean
}
