/** The examples of the API description, by operation. The tests hold each against its schema. */
import type { JsonObject } from "./Schemas.ts"

interface Examples {
  readonly request?: JsonObject
  readonly response?: JsonObject
}

const examples: Readonly<Record<string, Examples>> = {}

export const examplesOf = (operationId: string): Examples => examples[operationId] ?? {}

export const parameterExamples: JsonObject = {}
