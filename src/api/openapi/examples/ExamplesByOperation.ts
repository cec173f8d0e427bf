import type { JsonObject } from "../Schemas.ts"

/** By name, each with a `value` and perhaps a `summary`. */
export interface Examples {
  readonly request?: JsonObject
  readonly response?: JsonObject
}

export type ExamplesByOperation = Readonly<Record<string, Examples>>
