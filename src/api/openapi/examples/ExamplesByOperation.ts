import type { JsonObject } from "../Schemas.ts"

/** By name, each with a `value` and perhaps a `summary`. */
export interface Examples {
  readonly request?: JsonObject
  readonly response?: JsonObject
  /** The events of a route that answers with a stream or with one body. */
  readonly stream?: JsonObject
}

export type ExamplesByOperation = Readonly<Record<string, Examples>>
